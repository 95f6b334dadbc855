#include "telemetry/names.hpp"

#include <algorithm>

#include "base/json_text.hpp"

namespace weir::telemetry {

const std::string& Names::keep(std::string_view name) {
    std::string text = json_string(name);
    // A policy that comes back takes up no more room.
    const auto known = std::find(texts_.begin(), texts_.end(), text);
    return known != texts_.end() ? *known : texts_.emplace_back(std::move(text));
}

template <std::size_t kSize>
void Names::publish(Table<kSize>& table, std::size_t i, std::string_view name) {
    if (i >= kSize || table[i].load(std::memory_order_relaxed) != nullptr) return;
    table[i].store(&keep(name), std::memory_order_release);
}

void Names::update(const Labels& labels) {
    for (std::size_t i = 0; i < labels.classes.size(); ++i) publish(classes_, i, labels.classes[i].name);
    for (std::size_t i = 0; i < labels.backends.size(); ++i) publish(backends_, i, labels.backends[i].name);
    for (std::size_t i = 0; i < labels.endpoints.size(); ++i) publish(endpoints_, i, labels.endpoints[i].url);
    for (std::size_t i = 0; i < labels.listeners.size(); ++i) publish(listeners_, i, labels.listeners[i].name);
    policy_[0].store(labels.policy.empty() ? nullptr : &keep(labels.policy), std::memory_order_release);
}

}  // namespace weir::telemetry

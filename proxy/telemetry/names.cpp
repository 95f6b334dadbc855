#include "telemetry/names.hpp"

#include <utility>

#include "base/json_text.hpp"

namespace weir::telemetry {

template <std::size_t kSize>
void Names::publish(Table<kSize>& table, std::size_t i, std::string_view name) {
    if (i >= kSize) return;
    Entry& entry = table[i];
    auto text = std::make_unique<const std::string>(json_string(name));
    if (entry.owned && *entry.owned == *text) return;
    entry.text.store(text.get(), std::memory_order_release);
    entry.owned = std::move(text);
}

void Names::update(const Labels& labels) {
    for (std::size_t i = 0; i < labels.classes.size(); ++i) publish(classes_, i, labels.classes[i].name);
    for (std::size_t i = 0; i < labels.backends.size(); ++i) publish(backends_, i, labels.backends[i].name);
    for (std::size_t i = 0; i < labels.endpoints.size(); ++i) publish(endpoints_, i, labels.endpoints[i].url);
    for (std::size_t i = 0; i < labels.listeners.size(); ++i) publish(listeners_, i, labels.listeners[i].name);
    if (labels.policy.empty()) return policy_.store(nullptr, std::memory_order_release);
    std::string policy = json_string(labels.policy);
    if (!policies_.empty() && policies_.back() == policy) {
        return policy_.store(&policies_.back(), std::memory_order_release);
    }
    policy_.store(&policies_.emplace_back(std::move(policy)), std::memory_order_release);
    if (policies_.size() > kPoliciesKept) policies_.pop_front();
}

}  // namespace weir::telemetry

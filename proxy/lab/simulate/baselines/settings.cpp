#include "lab/simulate/baselines/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>

namespace weir::simulate {
namespace {

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string listed(std::span<const Setting> known) {
    if (known.empty()) return "it has no settings";
    std::string text = "its settings are";
    for (const Setting& setting : known) {
        text += fmt::format("{} {}", &setting == &known.front() ? "" : ",", setting.name);
    }
    return text;
}

}  // namespace

std::optional<Error> Settings::read(std::string_view text) {
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const std::size_t equals = entry.find('=');
        Setting* setting = find(entry.substr(0, equals));
        if (equals == std::string_view::npos) return Error{fmt::format("'{}' is not key=value", entry)};
        if (setting == nullptr) return Error{fmt::format("unknown '{}': {}", entry.substr(0, equals), listed(known_))};
        const auto value = number(entry.substr(equals + 1));
        if (!value || !(*value >= setting->min && *value <= setting->max)) {
            return Error{fmt::format("'{}': {} is a number from {:g} to {:g}, {}", entry, setting->name, setting->min,
                                     setting->max, setting->meaning)};
        }
        setting->value = *value;
    }
    return std::nullopt;
}

double Settings::operator[](std::string_view name) const {
    const auto found =
        std::find_if(known_.begin(), known_.end(), [name](const auto& entry) { return entry.name == name; });
    assert(found != known_.end());
    return found->value;
}

Setting* Settings::find(std::string_view name) {
    const auto found =
        std::find_if(known_.begin(), known_.end(), [name](const auto& entry) { return entry.name == name; });
    return found == known_.end() ? nullptr : &*found;
}

}  // namespace weir::simulate

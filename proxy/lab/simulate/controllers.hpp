#pragma once
// Every rule of admission that can be simulated, by its name and settings.

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "admission/config.hpp"
#include "base/result.hpp"
#include "lab/simulate/controller.hpp"

namespace weir::simulate {

[[nodiscard]] std::span<const std::string_view> controller_names();

// What is wrong with `NAME[:key=value,...]`; nothing when make_controller() would take it.
[[nodiscard]] std::optional<Error> check_controller(std::string_view words);

// Null if check_controller() finds an error. The endpoints' limits and the classes come from `config`.
[[nodiscard]] std::unique_ptr<Controller> make_controller(std::string_view words, const admission::JudgeConfig& config,
                                                          TimePoint now);

// `NAME`, `NAME:key=value,...` -> `NAME`.
[[nodiscard]] constexpr std::string_view controller_name(std::string_view words) {
    return words.substr(0, words.find(':'));
}

}  // namespace weir::simulate

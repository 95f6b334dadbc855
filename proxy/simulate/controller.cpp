#include "simulate/controller.hpp"

#include <array>

#include "simulate/baselines.hpp"
#include "simulate/judge_controller.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> kNames{"weir", "none", "cap", "haproxy"};
constexpr Duration kQueueTimeout = 2s;  // HAProxy's `timeout queue`, as bench/surge sets it

}  // namespace

std::span<const std::string_view> controller_names() { return kNames; }

std::unique_ptr<Controller> make_controller(std::string_view name, const admission::JudgeConfig& config,
                                            TimePoint now) {
    if (name == kNames[0]) return std::make_unique<JudgeController>(config, now);
    if (name == kNames[1]) return std::make_unique<ImmediateController>(config, false);
    if (name == kNames[2]) return std::make_unique<ImmediateController>(config, true);
    if (name == kNames[3]) return std::make_unique<QueueController>(config, kQueueTimeout);
    return nullptr;
}

}  // namespace weir::simulate

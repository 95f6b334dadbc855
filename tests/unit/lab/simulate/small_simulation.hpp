#pragma once
// A small simulation to try things in: one backend of small engines, a better and a worse class, traces by arithmetic.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lab/simulate/simulation.hpp"

namespace weir::test {

inline constexpr ClassId kDirect{0};
inline constexpr ClassId kBulk{1};

inline simulate::SimulationConfig sim_config(std::uint32_t endpoints = 1) {
    using namespace std::chrono_literals;
    simulate::SimulationConfig config;
    config.engine = *simulate::engine_preset("small-gpu");
    admission::JudgeConfig& judge = config.backends.emplace_back();
    for (std::uint32_t i = 0; i < endpoints; ++i) judge.endpoints.push_back({static_cast<EndpointId>(i), 16});
    judge.classes.resize(2);
    judge.classes[0].id = kDirect;
    judge.classes[0].config.priority = admission::Priority::critical;
    judge.classes[0].config.slo = admission::SloConfig{2s, 0.99};
    judge.classes[1].id = kBulk;
    judge.classes[1].config.priority = admission::Priority::sheddable;
    judge.classes[1].config.queue = 16;
    judge.classes[1].config.queue_timeout = 2s;
    return config;
}

// The given requests a second of each class, evenly spaced, of 100 tokens in and 24 out, from 50 clients each.
inline simulate::Trace sim_trace(double length, double direct, double bulk) {
    simulate::Trace trace;
    trace.hints = {"direct", "siri-bulk"};
    trace.clients = 100;
    const auto add = [&](std::uint16_t hint, double rate) {
        const auto count = static_cast<std::uint32_t>(length * rate);
        for (std::uint32_t i = 0; i < count; ++i) {
            trace.requests.push_back(
                {from_seconds(i / rate), std::uint64_t{hint} << 40 | i, 100, 24, 50U * hint + i % 50, hint});
        }
    };
    add(0, direct);
    add(1, bulk);
    std::stable_sort(trace.requests.begin(), trace.requests.end(),
                     [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
    return trace;
}

inline simulate::Run sim_run(simulate::SimulationConfig config, const simulate::Trace& trace) {
    return simulate::Simulation(std::move(config), trace, {kDirect, kBulk}).run();
}

}  // namespace weir::test

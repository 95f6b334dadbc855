#pragma once
// The metrics of the stand-in, under vLLM's names.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "lab/simulate/engine.hpp"

namespace weir::mock {

// Counts by vLLM's bucket edges of the time to the first token.
class FirstTokenTimes {
public:
    static constexpr std::array<double, 22> kEdges{0.001, 0.005, 0.01, 0.02,  0.04,  0.06,  0.08, 0.1,
                                                   0.25,  0.5,   0.75, 1.0,   2.5,   5.0,   7.5,  10.0,
                                                   20.0,  40.0,  80.0, 160.0, 640.0, 2560.0};

    void add(Duration time);
    // Times at or below edge `i`; for i = kEdges.size() all of them.
    [[nodiscard]] std::uint64_t at_most(std::size_t i) const;
    [[nodiscard]] double sum() const { return sum_; }  // seconds

private:
    std::array<std::uint64_t, kEdges.size() + 1> counts_{};
    double sum_ = 0;
};

// Since the start.
struct Totals {
    std::uint64_t prompt_tokens = 0;      // of prompts that gave a first token
    std::uint64_t generation_tokens = 0;  // of all answers, including those that were cancelled
    std::uint64_t finished = 0;
    std::uint64_t cancelled = 0;
    std::uint32_t max_running = 0;
    std::uint64_t refused_connections = 0;
    FirstTokenTimes first_token_times;
};

// The whole page, in the text format 0.0.4.
[[nodiscard]] std::string write_metrics(const Totals& totals, const simulate::EngineCounts& counts,
                                        const simulate::EngineConfig& engine, std::string_view model);

}  // namespace weir::mock

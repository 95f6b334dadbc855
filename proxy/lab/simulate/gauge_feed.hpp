#pragma once
// What a proxy that reads the engines' metrics knows of them: as of its last reading, and not exact.
//
// A reading is of all engines at once, every so often. Counts vary by a log-normal factor, as engines publish means and
// counts of other instants than the reading's. Not thread-safe.

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "lab/simulate/engine.hpp"

namespace weir::simulate {

struct GaugeConfig {
    Duration every{};  // between two readings; zero: always as of now
    double noise = 0;  // sigma of the factor
};

class GaugeFeed {
public:
    // `start`: of the first reading. REQUIRES: `engines` outlives this.
    GaugeFeed(const GaugeConfig& config, std::span<const Engine> engines, std::uint64_t seed, TimePoint start);

    // Takes the readings that are due before `instant`. REQUIRES: nothing happens in the engines between their events,
    // and all events before `instant` have been run.
    void catch_up(TimePoint instant);

    // As a proxy would see them at `now`.
    [[nodiscard]] EngineCounts counts(EndpointId endpoint) const;
    [[nodiscard]] Duration age(TimePoint now) const;

private:
    [[nodiscard]] EngineCounts read(std::size_t engine) const;

    GaugeConfig config_;
    std::span<const Engine> engines_;
    std::uint64_t seed_;
    std::uint64_t readings_ = 0;
    TimePoint read_at_;
    std::vector<EngineCounts> last_;
};

}  // namespace weir::simulate

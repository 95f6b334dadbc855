#pragma once
// A number written by one thread and read by any.
//
// With one writer, a load and a store make a sum: no locked instruction, no retry, and a cache line of its own. A
// reader gets each slot whole, but several slots at slightly different moments.

#include <atomic>
#include <cstdint>

namespace weir::telemetry {

template <typename Number>
class BasicSlot {
public:
    // The writer's thread only.
    void add(Number amount) { store(load() + amount); }
    void store(Number value) { value_.store(value, std::memory_order_relaxed); }

    [[nodiscard]] Number load() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<Number> value_{0};
};

using Slot = BasicSlot<std::uint64_t>;
using SignedSlot = BasicSlot<std::int64_t>;

}  // namespace weir::telemetry

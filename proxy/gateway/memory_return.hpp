#pragma once
// Returns memory to the system once a surge of bodies is over: the allocator keeps as much as the largest surge took,
// for as long as any small allocation remains at the far end of the heap.

#include <algorithm>
#include <cstdint>

namespace weir::gateway {

class MemoryReturn {
public:
    // Less than this is kept: trimming costs about a millisecond per gigabyte.
    static constexpr std::int64_t kWorthwhile = 32 * 1024 * 1024;

    // `held`: bytes of bodies held now. Returns whether enough less is held than before to be worth returning.
    [[nodiscard]] bool has_fallen(std::int64_t held) {
        peak_ = std::max(peak_, held);
        if (peak_ - held < kWorthwhile) return false;
        peak_ = held;
        return true;
    }

private:
    std::int64_t peak_ = 0;
};

}  // namespace weir::gateway

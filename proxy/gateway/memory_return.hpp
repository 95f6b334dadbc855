#pragma once
// Gives memory back to the system once a surge of bodies is over: what the allocator keeps for the next request is as
// much as the largest surge has taken, for as long as anything small lies at the far end of it.

#include <algorithm>
#include <cstdint>

namespace weir::gateway {

class MemoryReturn {
public:
    // Less than this is kept: to look for it costs a millisecond or so for each gigabyte.
    static constexpr std::int64_t kWorthwhile = 32 * 1024 * 1024;

    // `held`: bytes of bodies that are held now. Whether so much less is held than was that it is worth giving back.
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

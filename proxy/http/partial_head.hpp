#pragma once
// Decides when a head that arrives in pieces is worth parsing again: when its end may be in the new bytes, or when it
// has doubled since the last attempt. Sent a byte at a time, it is parsed a dozen times instead of thirty thousand.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace weir::http {

class PartialHead {
public:
    // `bytes`: everything received so far. `limit`: the size at which a head is refused.
    [[nodiscard]] bool is_worth_reading(std::string_view bytes, std::size_t limit) {
        constexpr std::size_t kOverlap = 3;  // bytes of the terminator that may precede the new bytes
        const std::string_view fresh = bytes.substr(std::min(looked_ - std::min(looked_, kOverlap), bytes.size()));
        looked_ = bytes.size();
        const bool may_end =
            fresh.find("\r\n\r\n") != std::string_view::npos || fresh.find("\n\n") != std::string_view::npos;
        if (!may_end && bytes.size() < next_) return false;
        next_ = std::min(2 * bytes.size(), std::max(limit, bytes.size() + 1));
        return true;
    }

private:
    std::size_t looked_ = 0;
    std::size_t next_ = 0;
};

}  // namespace weir::http

#pragma once
// When a head that comes in pieces is worth reading again: where its end may be among what has come since, or where it
// is twice as long as when it was read before. A byte at a time it is read so a dozen times, not thirty thousand.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace weir::http {

class PartialHead {
public:
    // `bytes`: all that has come by now. `limit`: of a head, at which it is refused.
    [[nodiscard]] bool is_worth_reading(std::string_view bytes, std::size_t limit) {
        constexpr std::size_t kOverlap = 3;  // of what ends a head, in front of the new bytes
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

#pragma once
// A request's id in answers and logs: Weir's own, or the client's if that is short and plain enough to be logged
// unchanged. Stored in place, as every request has one.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string_view>

namespace weir::downstream {

class RequestId {
public:
    static constexpr std::size_t kLongest = 64;

    // REQUIRES: at most kLongest characters.
    explicit RequestId(std::string_view id) : size_(static_cast<std::uint8_t>(id.size())) {
        assert(id.size() <= kLongest);
        std::copy_n(id.data(), id.size(), text_.data());
    }

    operator std::string_view() const { return {text_.data(), size_}; }  // NOLINT: it is only text

private:
    std::uint8_t size_;
    std::array<char, kLongest> text_;
};

}  // namespace weir::downstream

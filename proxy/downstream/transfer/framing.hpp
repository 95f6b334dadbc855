#pragma once
// The frame around a chunk of content (RFC 9112 section 7.1), written anew on each leg.

#include <array>
#include <charconv>
#include <string_view>

namespace weir::downstream {

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// `size CRLF`, in hex.
class ChunkSize {
public:
    explicit ChunkSize(std::size_t size) {
        const auto [end, error] = std::to_chars(text_.data(), text_.data() + text_.size(), size, 16);
        end[0] = '\r';
        end[1] = '\n';
        length_ = static_cast<std::size_t>(end + 2 - text_.data());
    }
    [[nodiscard]] std::string_view text() const { return {text_.data(), length_}; }

private:
    std::array<char, 18> text_;
    std::size_t length_;
};

}  // namespace weir::downstream

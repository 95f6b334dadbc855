#pragma once
// Gathers many short pieces and appends them to a string together.
//
// A head is some forty pieces of a few bytes each, and for each a string would check its capacity, find its end and
// update it.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

class GatheredText {
public:
    explicit GatheredText(std::string& out) : out_(out) {}
    GatheredText(const GatheredText&) = delete;
    GatheredText& operator=(const GatheredText&) = delete;

    GatheredText& add(std::string_view piece) {
        if (piece.size() > buffer_.size() - size_) return add_long(piece);
        std::copy_n(piece.data(), piece.size(), buffer_.data() + size_);
        size_ += piece.size();
        return *this;
    }
    // A literal: its length is known at compile time, and the copy is a few stores.
    template <std::size_t N>
    GatheredText& add(const char (&literal)[N]) {
        if (N - 1 > buffer_.size() - size_) return add_long({literal, N - 1});
        std::copy_n(literal, N - 1, buffer_.data() + size_);
        size_ += N - 1;
        return *this;
    }
    GatheredText& add_number(std::uint64_t value) {
        std::array<char, 20> digits;
        const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        return add(std::string_view(digits.data(), end));
    }

    // Appends what has been gathered to the string. Until then the string is unchanged.
    void finish() {
        out_.append(buffer_.data(), size_);
        size_ = 0;
    }

private:
    GatheredText& add_long(std::string_view piece) {
        finish();
        out_.append(piece);
        return *this;
    }

    std::string& out_;
    std::size_t size_ = 0;
    std::array<char, 1024> buffer_;  // only the bytes below size_ are initialised
};

}  // namespace weir::http

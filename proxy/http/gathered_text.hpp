#pragma once
// Many short pieces that end up in one string: they are gathered here and appended together.
//
// A head is some forty pieces of a few bytes each, and a string asks itself with every one of them whether it has room,
// where its end is and where the new one will be.

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
        if (piece.size() > room_.size() - size_) return add_long(piece);
        std::copy_n(piece.data(), piece.size(), room_.data() + size_);
        size_ += piece.size();
        return *this;
    }
    // A literal: its length is known, and the copy is a few stores.
    template <std::size_t N>
    GatheredText& add(const char (&literal)[N]) {
        if (N - 1 > room_.size() - size_) return add_long({literal, N - 1});
        std::copy_n(literal, N - 1, room_.data() + size_);
        size_ += N - 1;
        return *this;
    }
    GatheredText& add_number(std::uint64_t value) {
        std::array<char, 20> digits;
        const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        return add(std::string_view(digits.data(), end));
    }

    // Hands over what has been gathered. Nothing of it is in the string before.
    void finish() {
        out_.append(room_.data(), size_);
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
    std::array<char, 1024> room_;  // only what is below size_ has ever been written
};

}  // namespace weir::http

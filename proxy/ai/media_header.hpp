#pragma once
// What a picture, a sound or a file is, from its first bytes: PNG, JPEG, GIF and WebP contain their size, WAV and MP3
// their bytes per second; PDF, MP4, WebM, Ogg and FLAC are recognised by their signatures.
//
// It is given bytes one by one, for as long as wants_more(). A JPEG's size may follow any number of segments, of which
// the first 1 MiB is read. It holds 48 bytes whatever passes.

#include <array>
#include <cstdint>
#include <string_view>

#include "ai/media_price.hpp"

namespace weir::ai {

enum class MediaKind : std::uint8_t { unknown, picture, sound, file, video };

class MediaHeader {
public:
    void push(unsigned char byte);
    [[nodiscard]] bool wants_more() const { return !decided_; }

    [[nodiscard]] MediaKind kind() const;
    // Of a picture; 0 x 0 if unknown.
    [[nodiscard]] PictureSize size() const;
    // Of a sound: bytes per second; 4000 (MP3's lowest usual rate) if unknown.
    [[nodiscard]] double bytes_per_second() const;

private:
    enum class Jpeg : std::uint8_t { none, marker_due, marker, size_high, size_low, skip, frame };

    void step_jpeg(unsigned char byte);
    [[nodiscard]] std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes_.data()), std::min<std::size_t>(count_, bytes_.size())};
    }
    [[nodiscard]] bool has(std::size_t at, std::string_view mark) const {
        return text().substr(std::min(at, text().size())).starts_with(mark);
    }
    [[nodiscard]] std::uint32_t little(std::size_t at, int bytes) const;
    [[nodiscard]] std::uint32_t big(std::size_t at, int bytes) const;
    [[nodiscard]] PictureSize webp_size() const;

    std::array<unsigned char, 48> bytes_{};
    std::uint32_t count_ = 0;
    std::uint32_t left_ = 0;  // of a JPEG's segment
    Jpeg jpeg_ = Jpeg::none;
    std::array<unsigned char, 5> frame_{};
    bool decided_ = false;
    bool has_frame_ = false;
};

}  // namespace weir::ai

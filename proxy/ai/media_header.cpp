#include "ai/media_header.hpp"

#include <algorithm>

namespace weir::ai {
namespace {

constexpr std::uint32_t kMaxLooked = 1024 * 1024;
constexpr double kMinBytesPerSecond = 4000;
// Start of frame: the markers of that range except three with another meaning (ITU T.81, table B.1).
bool is_frame(unsigned char marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// kbit/s of MPEG-1 and MPEG-2 layer III, by the index in a frame's header (ISO 11172-3, 13818-3).
constexpr std::array<std::uint16_t, 16> kMpeg1{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0};
constexpr std::array<std::uint16_t, 16> kMpeg2{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};

}  // namespace

void MediaHeader::push(unsigned char byte) {
    if (count_ < bytes_.size()) bytes_[count_] = byte;
    ++count_;
    if (jpeg_ != Jpeg::none) {
        step_jpeg(byte);
    } else if (count_ == 2 && bytes_[0] == 0xFF && bytes_[1] == 0xD8) {
        jpeg_ = Jpeg::marker_due;
    } else if (count_ == bytes_.size()) {
        decided_ = true;
    }
    decided_ = decided_ || count_ >= kMaxLooked;
}

void MediaHeader::step_jpeg(unsigned char byte) {
    switch (jpeg_) {
        case Jpeg::marker_due:
            if (byte == 0xFF) jpeg_ = Jpeg::marker;
            decided_ = byte != 0xFF;
            return;
        case Jpeg::marker:
            if (byte == 0xFF) return;  // markers may be padded with these
            has_frame_ = is_frame(byte);
            jpeg_ = Jpeg::size_high;
            return;
        case Jpeg::size_high:
            left_ = static_cast<std::uint32_t>(byte) << 8;
            jpeg_ = Jpeg::size_low;
            return;
        case Jpeg::size_low:
            left_ |= byte;
            if (left_ < 2 || (has_frame_ && left_ < 7)) {
                has_frame_ = false;
                decided_ = true;
                return;
            }
            left_ -= 2;
            jpeg_ = has_frame_ ? Jpeg::frame : left_ == 0 ? Jpeg::marker_due : Jpeg::skip;
            if (has_frame_) left_ = 0;
            return;
        case Jpeg::frame:
            frame_[left_++] = byte;
            decided_ = left_ == frame_.size();
            return;
        default:
            if (--left_ == 0) jpeg_ = Jpeg::marker_due;
    }
}

std::uint32_t MediaHeader::little(std::size_t at, int bytes) const {
    std::uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | bytes_[at + static_cast<std::size_t>(i)];
    return value;
}

std::uint32_t MediaHeader::big(std::size_t at, int bytes) const {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | bytes_[at + static_cast<std::size_t>(i)];
    return value;
}

MediaKind MediaHeader::kind() const {
    if (jpeg_ != Jpeg::none || has(0, "\x89PNG\r\n\x1A\n") || has(0, "GIF8") || has(0, "BM")) return MediaKind::picture;
    if (has(0, "RIFF"))
        return has(8, "WEBP") ? MediaKind::picture : has(8, "WAVE") ? MediaKind::sound : MediaKind::unknown;
    if (has(0, "%PDF") || has(0, "PK\x03\x04")) return MediaKind::file;
    if (has(4, "ftyp")) {
        if (has(8, "heic") || has(8, "heix") || has(8, "avif") || has(8, "mif1")) return MediaKind::picture;
        return has(8, "M4A") ? MediaKind::sound : MediaKind::video;
    }
    if (has(0, "\x1A\x45\xDF\xA3")) return MediaKind::video;
    if (has(0, "ID3") || has(0, "OggS") || has(0, "fLaC")) return MediaKind::sound;
    if (count_ >= 2 && bytes_[0] == 0xFF && (bytes_[1] & 0xE0) == 0xE0) return MediaKind::sound;
    return MediaKind::unknown;
}

PictureSize MediaHeader::size() const {
    if (jpeg_ != Jpeg::none) {
        if (!has_frame_ || left_ < frame_.size()) return {};
        return {static_cast<std::uint32_t>(frame_[3] << 8 | frame_[4]),
                static_cast<std::uint32_t>(frame_[1] << 8 | frame_[2])};
    }
    if (has(0, "\x89PNG") && count_ >= 24) return {big(16, 4), big(20, 4)};
    if (has(0, "GIF8") && count_ >= 10) return {little(6, 2), little(8, 2)};
    if (has(0, "BM") && count_ >= 26) return {little(18, 4), little(22, 4)};
    if (has(8, "WEBP") && count_ >= 30) return webp_size();
    return {};
}

// RFC 9649 section 2.
PictureSize MediaHeader::webp_size() const {
    if (has(12, "VP8X")) return {little(24, 3) + 1, little(27, 3) + 1};
    if (has(12, "VP8 ")) return {little(26, 2) & 0x3FFF, little(28, 2) & 0x3FFF};
    if (!has(12, "VP8L")) return {};
    const std::uint32_t bits = little(21, 4);
    return {(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
}

double MediaHeader::bytes_per_second() const {
    double rate = 0;
    if (has(0, "RIFF") && has(8, "WAVE") && has(12, "fmt ") && count_ >= 32) {
        rate = little(28, 4);
    } else if (count_ >= 4 && bytes_[0] == 0xFF && (bytes_[1] & 0xE0) == 0xE0) {
        const bool first = (bytes_[1] & 0x18) == 0x18;
        rate = (first ? kMpeg1 : kMpeg2)[bytes_[2] >> 4] * 125.0;
    }
    // The rate comes from the caller: bounded, so that no claim makes a long sound look implausibly short.
    constexpr double kMaxBytesPerSecond = 192'000.0 * 4 * 8;
    return rate > 0 && rate <= kMaxBytesPerSecond ? rate : kMinBytesPerSecond;
}

}  // namespace weir::ai

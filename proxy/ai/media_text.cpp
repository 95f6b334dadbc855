#include "ai/media_text.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/hex.hpp"

namespace weir::ai {
namespace {

constexpr std::string_view kScheme = "data:";
constexpr std::size_t kLongestPrefix = 256;
// A PDF page is seldom smaller than this; the video figure is a moderate rate.
constexpr double kBytesPerPage = 48 * 1024;
constexpr double kVideoBytesPerSecond = 64 * 1024;

int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

MediaKind kind_of(std::string_view prefix) {
    if (prefix.starts_with("image/")) return MediaKind::picture;
    if (prefix.starts_with("audio/")) return MediaKind::sound;
    if (prefix.starts_with("video/")) return MediaKind::video;
    return MediaKind::file;
}

}  // namespace

void MediaText::begin(MediaPlace place, MediaKind hint) {
    *this = MediaText();
    place_ = place;
    hint_ = hint;
}

void MediaText::push(std::string_view raw) {
    raw_bytes_ += raw.size();
    for (const char c : raw) {
        if (state_ == State::sated) return;
        if (hex_left_ > 0) {
            hex_ = hex_ << 4 | static_cast<std::uint32_t>(std::max(hex_value(c), 0));
            if (--hex_left_ == 0) take(hex_ < 0x80 ? static_cast<char>(hex_) : '?');
        } else if (escaped_) {
            escaped_ = false;
            hex_ = 0;
            if (c == 'u') {
                hex_left_ = 4;
            } else {
                take(c == '/' || c == '\\' || c == '"' ? c : '\n');
            }
        } else if (c == '\\') {
            escaped_ = true;
        } else {
            take(c);
        }
    }
}

void MediaText::take(char c) {
    switch (state_) {
        case State::scheme:
            prefix_.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
            if (kScheme.starts_with(prefix_)) {
                if (prefix_.size() == kScheme.size()) {
                    prefix_.clear();
                    state_ = State::prefix;
                }
                return;
            }
            is_link_ = place_ == MediaPlace::link;
            state_ = is_link_ ? State::sated : State::payload;
            if (is_link_) return;
            // Not a URL: what was taken for its scheme is encoded data.
            for (const char taken : std::exchange(prefix_, {})) take_payload(taken);
            return;
        case State::prefix: return take_prefix(c);
        case State::payload: return take_payload(c);
        default: return;
    }
}

void MediaText::take_prefix(char c) {
    if (c != ',') {
        prefix_.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
        if (prefix_.size() >= kLongestPrefix) state_ = State::sated;
        return;
    }
    is_text_ = prefix_.starts_with("text/") || prefix_.empty() || prefix_.starts_with("application/json");
    hint_ = kind_of(prefix_);
    state_ = is_text_ ? State::sated : State::payload;
}

void MediaText::take_payload(char c) {
    const int value = value_of(c);
    if (value < 0) return;  // padding, and the line breaks of MIME
    bits_ = bits_ << 6 | static_cast<std::uint32_t>(value);
    bit_count_ += 6;
    if (bit_count_ < 8) return;
    bit_count_ -= 8;
    header_.push(static_cast<unsigned char>(bits_ >> bit_count_ & 0xFF));
    if (!header_.wants_more()) state_ = State::sated;
}

void MediaText::end(MediaTotals& totals) const {
    if (place_ == MediaPlace::none || is_text_ || raw_bytes_ == 0) return;
    if (!is_link_) {
        MediaKind kind = header_.kind() != MediaKind::unknown ? header_.kind() : hint_;
        if (kind == MediaKind::unknown) kind = MediaKind::file;
        return add_coded(totals, kind);
    }
    // The engine fetches what the link refers to; the link itself is text.
    switch (hint_) {
        case MediaKind::sound: return totals.add_sound(60);
        case MediaKind::video: return totals.add_video(60);
        case MediaKind::file: return totals.add_file(10);
        default: return totals.add_picture({});
    }
}

void MediaText::add_coded(MediaTotals& totals, MediaKind kind) const {
    totals.bytes += raw_bytes_;
    const double bytes = static_cast<double>(raw_bytes_) * 3 / 4;
    switch (kind) {
        case MediaKind::sound: return totals.add_sound(bytes / header_.bytes_per_second());
        case MediaKind::video: return totals.add_video(bytes / kVideoBytesPerSecond);
        case MediaKind::file: return totals.add_file(std::max(1.0, bytes / kBytesPerPage));
        default: return totals.add_picture(header_.size());
    }
}

}  // namespace weir::ai

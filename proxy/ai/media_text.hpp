#pragma once
// A JSON string that may be a picture, a sound or a file in base64 (RFC 4648), bare or as a `data:` URL (RFC 2397), or
// a link to one: it is read as its bytes pass, as far as its header goes, and its price is added at its end.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ai/media_header.hpp"

namespace weir::ai {

// What the string is, by its place in the body.
enum class MediaPlace : std::uint8_t {
    none,
    link,    // a URL, `data:` or another, of the kind in `hint`
    coded,   // base64, or a `data:` URL
    source,  // Anthropic's `source.data`: base64 only if its sibling `type` says so
};

class MediaText {
public:
    void begin(MediaPlace place, MediaKind hint);
    // Reads the string as written, without its quotes; escapes may be split.
    void push(std::string_view raw);
    // Nothing more of it needs to be read: the rest may be skipped, and counted with skip().
    [[nodiscard]] bool sated() const { return state_ == State::sated; }
    void skip(std::size_t bytes) { raw_bytes_ += bytes; }

    // The string has ended; adds its price. REQUIRES: for a `source`, `coded` is known.
    void end(MediaTotals& totals) const;
    [[nodiscard]] MediaPlace place() const { return place_; }

private:
    enum class State : std::uint8_t { scheme, prefix, payload, link, sated };

    void take(char c);
    void take_prefix(char c);
    void take_payload(char c);
    void add_coded(MediaTotals& totals, MediaKind kind) const;

    MediaHeader header_;
    std::string prefix_;  // of a `data:` URL, up to its comma
    std::uint64_t raw_bytes_ = 0;
    std::uint32_t bits_ = 0;
    int bit_count_ = 0;
    int hex_left_ = 0;
    std::uint32_t hex_ = 0;
    MediaPlace place_ = MediaPlace::none;
    MediaKind hint_ = MediaKind::unknown;
    State state_ = State::scheme;
    bool escaped_ = false;
    bool is_text_ = false;  // a `data:` URL of text
    bool is_link_ = false;
};

}  // namespace weir::ai

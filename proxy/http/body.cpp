#include "http/body.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "http/strict.hpp"

namespace weir::http {
namespace {

// A 16-digit size reaches 2^64 - 1: one digit more could only overflow or pad.
constexpr std::uint8_t kMaxSizeDigits = 16;
// Per message, for extensions (CVE-2023-39326) and for trailers.
constexpr std::uint32_t kMaxOverhead = 4096;

}  // namespace

BodyReader::BodyReader(Framing framing, std::uint64_t content_length)
    : framing_(framing),
      done_(framing == Framing::none || (framing == Framing::length && content_length == 0)),
      remaining_(framing == Framing::length ? content_length : 0) {}

BodyReader::Piece BodyReader::next(std::string_view bytes) {
    if (done_) return {0, {}, true, false};
    switch (framing_) {
        case Framing::chunked: return next_chunked(bytes);
        case Framing::until_close: return take_content(bytes, bytes.size());
        default: break;
    }
    Piece piece = take_content(bytes, remaining_);
    remaining_ -= piece.consumed;
    piece.done = done_ = remaining_ == 0;
    return piece;
}

BodyReader::Piece BodyReader::take_content(std::string_view bytes, std::uint64_t limit) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), limit));
    content_bytes_ += size;
    return {size, bytes.substr(0, size), false, false};
}

BodyReader::Piece BodyReader::next_chunked(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && !done_) {
        if (state_ == State::data) {
            Piece piece = take_content(bytes.substr(at), remaining_);
            remaining_ -= piece.consumed;
            if (remaining_ == 0) state_ = State::data_cr;
            piece.consumed += at;
            return piece;
        }
        if (!step(bytes[at])) return {at, {}, false, true};
        ++at;
    }
    return {at, {}, done_, false};
}

bool BodyReader::step(char c) {
    switch (state_) {
        case State::size_start:
        case State::size: return step_size(c);
        case State::extension:
            // A CR ends the line, and only LF may follow it; CR and LF inside are CVE-2025-55315.
            if (c == '\r') state_ = State::size_lf;
            return c == '\r' || (!is_control(c) && ++overhead_ <= kMaxOverhead);
        case State::size_lf: state_ = remaining_ == 0 ? State::trailer_start : State::data; return c == '\n';
        case State::data_cr: state_ = State::data_lf; return c == '\r';
        case State::data_lf:
            state_ = State::size_start;
            size_digits_ = 0;
            return c == '\n';
        case State::data: return false;
        default: return step_trailer(c);
    }
}

bool BodyReader::step_size(char c) {
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (++size_digits_ > kMaxSizeDigits) return false;
        remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
        state_ = State::size;
        return true;
    }
    if (state_ == State::size_start) return false;
    if (c == '\r') state_ = State::size_lf;
    if (c == ';') state_ = State::extension;
    return c == '\r' || c == ';';
}

bool BodyReader::step_trailer(char c) {
    switch (state_) {
        case State::trailer_start:
            if (c == '\r') {
                state_ = State::end_lf;
                return true;
            }
            state_ = State::trailer;
            return c != ' ' && c != '\t' && !is_control(c) && ++overhead_ <= kMaxOverhead;
        case State::trailer:
            if (c == '\r') state_ = State::trailer_lf;
            return c == '\r' || (!is_control(c) && ++overhead_ <= kMaxOverhead);
        case State::trailer_lf: state_ = State::trailer_start; return c == '\n';
        case State::end_lf: done_ = c == '\n'; return done_;
        default: return false;
    }
}

}  // namespace weir::http

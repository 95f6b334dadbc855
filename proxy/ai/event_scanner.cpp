#include "ai/event_scanner.hpp"

#include <algorithm>
#include <utility>

namespace weir::ai {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::uint64_t kOneTokenBytes = 16;
constexpr std::uint64_t kBytesPerToken = 4;

// The position where the line ends: at an LF or a CR.
std::size_t line_end(std::string_view bytes) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t carriage = bytes.substr(0, newline).find('\r');
    return carriage != std::string_view::npos ? carriage : newline;
}

}  // namespace

void EventScanner::push(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take(bytes));
}

std::uint32_t EventScanner::tokens() const {
    if (form_ == Form::other_events) return events_;
    if (text_tokens_ > 0) return text_tokens_;
    return events_ > kOpeningEvents ? events_ : 0;
}

std::size_t EventScanner::take(std::string_view bytes) {
    std::size_t at = 0;
    if (skip_newline_ && !bytes.empty()) {
        skip_newline_ = false;
        if (bytes.front() == '\n') ++at;
        // The LF of a line that ended at its CR belongs to that line.
        if (at > 0 && (ended_ || comment_ended_)) return at;
    }
    ended_ = comment_ended_ = false;
    while (at < bytes.size()) {
        const std::size_t end = line_end(bytes.substr(at));
        feed(bytes.substr(at, end));
        if (end == std::string_view::npos) return bytes.size();
        at += end + 1;
        if (bytes[at - 1] == '\r') {
            skip_newline_ = at == bytes.size();
            if (!skip_newline_ && bytes[at] == '\n') ++at;
        }
        end_line();
        if (ended_ || comment_ended_) return at;
    }
    return at;
}

void EventScanner::feed(std::string_view piece) {
    if (at_start_) skip_mark(piece);
    if (piece.empty()) return;
    if (line_empty_ && piece.front() != ':') only_comments_ = false;
    line_empty_ = false;
    if (form_ == Form::json_lines) line_ = Line::data;
    while (line_ == Line::unknown && !piece.empty()) {
        if (piece.front() != kData[matched_]) {
            line_ = Line::other;
        } else if (++matched_ == kData.size()) {
            line_ = Line::data;
            space_due_ = true;
        }
        piece.remove_prefix(1);
    }
    if (line_ == Line::data) payload(piece);
}

// The mark may be split anywhere; an incomplete mark is text.
void EventScanner::skip_mark(std::string_view& piece) {
    while (at_start_ && !piece.empty()) {
        if (piece.front() != kByteOrderMark[mark_]) return end_start();
        piece.remove_prefix(1);
        only_comments_ = false;  // the part of the line that has passed may have been more than a comment
        at_start_ = ++mark_ < kByteOrderMark.size();
    }
}

void EventScanner::end_start() {
    at_start_ = false;
    if (mark_ == 0) return;
    line_ = Line::other;
    line_empty_ = false;
}

void EventScanner::payload(std::string_view piece) {
    if (form_ != Form::other_events) json_.push(piece);
    if (piece.empty()) return;
    // One space is not part of the data; a second one is.
    if (std::exchange(space_due_, false) && piece.front() == ' ') piece.remove_prefix(1);
    const std::size_t count = std::min(head_.size() - head_size_, piece.size());
    std::copy_n(piece.begin(), count, head_.begin() + head_size_);
    head_size_ = static_cast<std::uint8_t>(head_size_ + count);
}

void EventScanner::end_line() {
    if (at_start_) end_start();
    if (line_empty_) return end_event();
    comment_ended_ = only_comments_;
    has_data_ = has_data_ || line_ == Line::data;
    line_ = Line::unknown;
    line_empty_ = true;
    matched_ = 0;
    if (form_ == Form::json_lines) end_event();
}

void EventScanner::end_event() {
    ended_ = true;
    usage_chunk_ = json_.is_usage_chunk();
    const bool done = std::string_view(head_.data(), head_size_) == kDone;
    if (has_data_ && !done) {
        ++events_;
        const std::uint64_t text = json_.text_bytes();
        if (text > kOneTokenBytes) {
            text_tokens_ += static_cast<std::uint32_t>(text / kBytesPerToken);
        } else if (text > 0 || !json_.is_known_shape()) {
            ++text_tokens_;
        }
    }
    json_.restart();
    has_data_ = false;
    only_comments_ = true;
    head_size_ = 0;
}

}  // namespace weir::ai

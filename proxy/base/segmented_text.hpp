#pragma once
// A text that grows without being copied: a message body as it arrives.
//
// A std::string that grows to 20 MB holds 30 MB on the way, copies each byte several times and keeps up to twice what
// it needs. This one is a list of segments: a short text is one string, a long one continues in segments of up to 256
// KiB, which the allocator returns to the system one by one. It occupies at most half as much again as it holds while
// it is small, and one segment more when it is large; capacity() is the exact number.
//
// In-place changes (splice) move the bytes of one segment at most.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

class SegmentedText {
public:
    // Up to this length the text is one string, grown as strings are.
    static constexpr std::size_t kShort = 32 * 1024;
    // The first segments are smaller, so that capacity stays in proportion to size. 64 bytes are left for what the
    // allocator and the string add.
    static constexpr std::size_t kSmallestSegment = 32 * 1024 - 64;
    static constexpr std::size_t kLargestSegment = 256 * 1024 - 64;

    SegmentedText() = default;
    explicit SegmentedText(std::string text) : size_(text.size()), first_(std::move(text)) {}

    void append(std::string_view bytes);
    // Replaces the bytes from `begin` up to `end` with `text`. REQUIRES: begin <= end <= size().
    void splice(std::size_t begin, std::size_t end, std::string_view text);
    void clear();
    // Moves the string of a short text out, so that its capacity can be reused; the text is empty afterwards.
    [[nodiscard]] std::string take_first();

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // Bytes of memory that this text occupies.
    [[nodiscard]] std::size_t capacity() const;

    [[nodiscard]] std::size_t segments() const { return more_.size() + 1; }
    [[nodiscard]] std::string_view segment(std::size_t at) const { return at == 0 ? first_ : more_[at - 1]; }

    // REQUIRES: at < size().
    [[nodiscard]] char operator[](std::size_t at) const;
    // The position of the first byte at or after `at` that is not in `set`; size() when there is none.
    [[nodiscard]] std::size_t find_first_not_of(std::string_view set, std::size_t at) const;
    // The position of the last such byte before `end`; npos when there is none.
    [[nodiscard]] std::size_t find_last_not_of(std::string_view set, std::size_t end) const;
    static constexpr std::size_t npos = std::string_view::npos;

    // The whole text in one string: for short ones, and for tests.
    [[nodiscard]] std::string joined() const;

private:
    struct Place {
        std::size_t segment = 0;
        std::size_t at = 0;  // within it
    };
    // The place of a byte; the end of the text is one past the last byte of the last segment.
    [[nodiscard]] Place find(std::size_t at) const;
    [[nodiscard]] std::string& string_at(std::size_t segment) { return segment == 0 ? first_ : more_[segment - 1]; }
    void insert(Place place, std::string_view text);

    std::size_t size_ = 0;
    std::string first_;
    std::vector<std::string> more_;
};

}  // namespace weir

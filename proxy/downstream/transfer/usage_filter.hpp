#pragma once
// Removes from a stream the one event that the client did not ask for: the chunk for `include_usage`, where only Weir
// asked for it. All other bytes pass unchanged.
//
// Whether an event is that chunk is known only at its end, so its possible beginning is held back: not comments, not
// events that already differ, and nothing longer than such a chunk can be.

#include <array>
#include <cstddef>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>

#include "ai/event_scanner.hpp"

namespace weir::downstream {

class UsageFilter {
public:
    static constexpr std::size_t kMaxHeld = 16 * 1024;

    // The parts that pass, of up to kMaxSlices pieces of content, in order.
    class Passed {
    public:
        static constexpr std::size_t kMaxSlices = 12;
        static constexpr std::size_t kRoom = 64;

        // If `content` follows the last piece in memory, the two become one.
        void add(std::string_view content);
        void add_kept(std::string text);
        // From now on each slice adds at most one piece, besides what is held.
        [[nodiscard]] bool full() const { return count_ >= kRoom - kMaxSlices - 4; }
        [[nodiscard]] std::span<const std::string_view> pieces() const { return std::span(pieces_).first(count_); }

    private:
        std::array<std::string_view, kRoom> pieces_;
        std::size_t count_ = 0;
        std::forward_list<std::string> kept_;  // pieces that were held back before
    };

    // Advances `scanner` by all of `content`. If `passed` is full, nothing more is removed.
    void pass(ai::EventScanner& scanner, std::string_view content, Passed& passed);
    // The stream is over: what was held back passes too, unless it is the chunk without its last line.
    void end(const ai::EventScanner& scanner, Passed& passed);

private:
    void release(Passed& passed);

    std::string held_;      // the beginning of an event
    bool passing_ = false;  // the beginning of this event has already passed
};

}  // namespace weir::downstream

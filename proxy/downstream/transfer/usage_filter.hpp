#pragma once
// Takes out of a stream the one event that the client did not ask for: the chunk that `include_usage` brings, where it
// was Weir that asked. All other bytes pass as they are.
//
// Whether an event is that chunk is known at its end, so what may be its beginning is held back: no comment, nothing
// that has shown to be another event, and nothing that is longer than such a chunk ever is.

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

    // What passes of up to kMaxSlices pieces of content, in order.
    class Passed {
    public:
        static constexpr std::size_t kMaxSlices = 12;
        static constexpr std::size_t kRoom = 64;

        // `content` may follow the last piece in memory: then they are one.
        void add(std::string_view content);
        void add_kept(std::string text);
        // From now on each slice adds one piece at most, beside what is held.
        [[nodiscard]] bool full() const { return count_ >= kRoom - kMaxSlices - 4; }
        [[nodiscard]] std::span<const std::string_view> pieces() const { return std::span(pieces_).first(count_); }

    private:
        std::array<std::string_view, kRoom> pieces_;
        std::size_t count_ = 0;
        std::forward_list<std::string> kept_;  // of pieces that were held back before
    };

    // `scanner` is advanced by all of `content`. Where `passed` is full nothing more is taken out.
    void pass(ai::EventScanner& scanner, std::string_view content, Passed& passed);
    // The stream is over: what was held back passes, too, unless it is the chunk without its last line.
    void end(const ai::EventScanner& scanner, Passed& passed);

private:
    void release(Passed& passed);

    std::string held_;      // the beginning of an event
    bool passing_ = false;  // the beginning of this event has passed already
};

}  // namespace weir::downstream

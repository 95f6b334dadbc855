#pragma once
// The numbered events of a benchmark stream, shaped like a chat completion's, and the check that none is missing.
//
// Each event carries its number in the stream and the instant it was sent, so that the reader can tell a lost or
// reordered event, and how long the proxy held it.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace weir::bench {

inline constexpr std::string_view kEventStart = R"(data: {"n":)";
inline constexpr std::string_view kEventTime = R"(,"t":)";
inline constexpr std::size_t kNumberDigits = 10;
inline constexpr std::size_t kTimeDigits = 19;

// A whole HTTP chunk with one event of at least `bytes` bytes; fill_event completes it.
inline std::string make_event(std::size_t bytes) {
    std::string event(kEventStart);
    event.append(kNumberDigits, '1').append(kEventTime).append(kTimeDigits, '1');
    event += R"(,"choices":[{"index":0,"delta":{"content":")";
    constexpr std::string_view kTail = "\"}}]}\n\n";
    event.append(event.size() + kTail.size() < bytes ? bytes - event.size() - kTail.size() : 1, 'x');
    event += kTail;
    char size[24];
    std::snprintf(size, sizeof size, "%04zx\r\n", event.size());
    return size + event + "\r\n";
}

inline void put_digits(char* to, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

// Numbers of equal width keep the event's length, so that nothing but the digits changes. JSON allows no leading
// zeros, hence a leading 1.
inline void fill_event(std::string& chunk, std::uint64_t number, std::uint64_t at) {
    char* n = chunk.data() + 6 + kEventStart.size();
    put_digits(n + 1, kNumberDigits - 1, number);
    put_digits(n + kNumberDigits + kEventTime.size(), kTimeDigits, at + 1'000'000'000'000'000'000U);
}

// Follows one stream. Not thread-safe.
class EventCheck {
public:
    // Takes body bytes; calls `event(sent_at)` for each numbered event. False, with why() set, when one is missing or
    // out of order, or is not an event at all.
    template <class Event>
    bool feed(std::string_view bytes, Event&& event) {
        if (!partial_.empty()) {
            partial_ += bytes;
            bytes = partial_;
        }
        std::size_t at = 0;
        for (auto end = bytes.find("\n\n"); end != std::string_view::npos; end = bytes.find("\n\n", at)) {
            if (!one(bytes.substr(at, end - at), event)) return false;
            at = end + 2;
        }
        partial_ = std::string(bytes.substr(at));
        return true;
    }

    [[nodiscard]] bool complete() const { return terminated_ && partial_.empty(); }
    [[nodiscard]] std::uint64_t events() const { return next_; }
    [[nodiscard]] const std::string& why() const { return why_; }

private:
    template <class Event>
    bool one(std::string_view text, Event&& event) {
        if (text == "data: [DONE]") return terminated_ = true;
        constexpr std::size_t kNumberAt = kEventStart.size() + 1;
        constexpr std::size_t kTimeAt = kEventStart.size() + kNumberDigits + kEventTime.size();
        if (terminated_ || !text.starts_with(kEventStart) || text.size() < kTimeAt + kTimeDigits) {
            why_ = "expected event " + std::to_string(next_) + ", got: " + std::string(text.substr(0, 200));
            return false;
        }
        const auto number = std::strtoull(std::string(text.substr(kNumberAt, kNumberDigits - 1)).c_str(), nullptr, 10);
        if (number != next_) {
            why_ = "expected event " + std::to_string(next_) + ", got event " + std::to_string(number);
            return false;
        }
        ++next_;
        event(std::strtoull(std::string(text.substr(kTimeAt, kTimeDigits)).c_str(), nullptr, 10) -
              1'000'000'000'000'000'000U);
        return true;
    }

    std::string partial_;
    std::uint64_t next_ = 0;
    bool terminated_ = false;
    std::string why_;
};

}  // namespace weir::bench

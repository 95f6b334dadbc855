#pragma once
// One worker's lines that wait to be written.
//
// A lane is bounded in lines and, at kBytesPerLine each, in bytes; what does not fit is dropped and counted. The lock
// is shared only with the writing thread, which holds it just long enough to swap two strings: a worker never waits for
// a disk, a pipe or another worker.
//
// Threading: push() by one thread, take() by another, the rest by any.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "telemetry/slot.hpp"

namespace weir::telemetry {

inline constexpr std::size_t kBytesPerLine = 1024;  // on average: a line has about 450

class alignas(64) LogLane {
public:
    // Returns true when the lane has just become half full, so the writer should be woken.
    bool push(std::string_view line, std::uint32_t max_lines) {
        const std::lock_guard lock(mutex_);
        const bool fits = lines_ < max_lines && text_.size() + line.size() <= max_lines * kBytesPerLine;
        if (!fits && !text_.empty()) {
            dropped_.add(1);
            return false;
        }
        text_.append(line);
        return ++lines_ == max_lines / 2;
    }

    // Appends the waiting lines to `out` and empties the lane.
    void take(std::string& out) {
        const std::lock_guard lock(mutex_);
        if (out.empty()) {
            out.swap(text_);
        } else {
            out.append(text_);
        }
        text_.clear();
        lines_ = 0;
    }

    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(); }

private:
    std::mutex mutex_;
    std::string text_;
    std::uint32_t lines_ = 0;
    Slot dropped_;
};

}  // namespace weir::telemetry

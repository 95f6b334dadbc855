#include "ai/event_counter.hpp"

#include <algorithm>

namespace weir::ai {

void EventCounter::push(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t newline = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, newline);
        const std::size_t room = std::min(line_.size() - line_size_, piece.size());
        std::copy_n(piece.begin(), room, line_.begin() + static_cast<std::ptrdiff_t>(line_size_));
        line_size_ += room;
        // A lone CR before the LF leaves the line empty.
        line_empty_ = line_empty_ && (piece.empty() || piece == "\r");
        if (newline == std::string_view::npos) return;
        end_line();
        bytes.remove_prefix(newline + 1);
    }
}

void EventCounter::end_line() {
    constexpr std::string_view kData = "data:";
    std::string_view line(line_.data(), line_size_);
    if (line_empty_) {
        if (has_data_) ++events_;
        has_data_ = false;
    } else if (line.starts_with(kData)) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        has_data_ = has_data_ || (line != kDone && line != "data:[DONE]");
    }
    line_size_ = 0;
    line_empty_ = true;
}

}  // namespace weir::ai

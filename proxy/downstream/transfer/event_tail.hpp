#pragma once
// Whether an event stream that ends here ends within an event: an event ends with two line endings, and a line ends
// with LF, CR LF or CR (WHATWG HTML, section 9.2.5).

#include <algorithm>
#include <array>
#include <string_view>

namespace weir::downstream {

class EventTail {
public:
    void passed(std::string_view content) {
        if (content.size() >= last_.size()) {
            std::copy_n(content.end() - last_.size(), last_.size(), last_.begin());
            return;
        }
        for (const char c : content) last_ = {last_[1], last_[2], last_[3], c};
    }

    [[nodiscard]] bool within_event() const {
        const std::string_view last(last_.data(), last_.size());
        if (!is_line_end(last.back())) return true;
        return !is_line_end(last[last.ends_with("\r\n") ? 1 : 2]);
    }

private:
    static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

    std::array<char, 4> last_{'\n', '\n', '\n', '\n'};  // of the content: no event has begun
};

}  // namespace weir::downstream

#include "downstream/usage_filter.hpp"

#include <utility>

namespace weir::downstream {

void UsageFilter::Passed::add(std::string_view content) {
    if (content.empty()) return;
    std::string_view& last = pieces_[count_ > 0 ? count_ - 1 : 0];
    if (count_ > 0 && last.data() + last.size() == content.data()) {
        last = {last.data(), last.size() + content.size()};
    } else {
        pieces_[count_++] = content;
    }
}

void UsageFilter::Passed::add_kept(std::string text) {
    kept_.push_front(std::move(text));
    add(kept_.front());
}

void UsageFilter::pass(ai::EventScanner& scanner, std::string_view content, Passed& passed) {
    while (!content.empty()) {
        const std::string_view piece = content.substr(0, scanner.take(content));
        content.remove_prefix(piece.size());
        if (scanner.ended_with_usage_chunk() && !passing_ && !passed.full()) {
            held_.clear();
        } else if (scanner.ended() || passing_ || passed.full()) {
            release(passed);
            passed.add(piece);
            passing_ = !scanner.ended();
        } else if (held_.size() + piece.size() > kMostHeld) {
            release(passed);
            passed.add(piece);
            passing_ = true;
        } else {
            held_.append(piece);
        }
    }
}

void UsageFilter::end(Passed& passed) { release(passed); }

void UsageFilter::release(Passed& passed) {
    if (!held_.empty()) passed.add_kept(std::exchange(held_, {}));
}

}  // namespace weir::downstream

#include "downstream/transfer/usage_filter.hpp"

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
            continue;
        }
        const bool may_be = !scanner.ended() && scanner.may_be_usage_chunk();
        if (may_be && !passing_ && !passed.full() && held_.size() + piece.size() <= kMaxHeld) {
            held_.append(piece);
            continue;
        }
        release(passed);
        passed.add(piece);
        // An event that has had only comments can still turn out to be that chunk.
        passing_ = !scanner.ended() && (passing_ || passed.full() || !scanner.only_comments());
    }
}

void UsageFilter::end(const ai::EventScanner& scanner, Passed& passed) {
    if (scanner.ends_in_usage_chunk() && !passing_) held_.clear();
    release(passed);
}

void UsageFilter::release(Passed& passed) {
    if (!held_.empty()) passed.add_kept(std::exchange(held_, {}));
}

}  // namespace weir::downstream

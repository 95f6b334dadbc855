#include "upstream/answer_window.hpp"

#include <chrono>

namespace weir::upstream {

void AnswerWindow::tick(const AnswerCounts& total, TimePoint now) {
    if (now - taken_at_ < std::chrono::seconds(1)) return;
    taken_at_ = now;
    snapshots_[oldest_] = total;
    oldest_ = (oldest_ + 1) % snapshots_.size();
}

AnswerCounts AnswerWindow::recent(const AnswerCounts& total) const {
    const AnswerCounts& before = snapshots_[oldest_];
    return {total.good - before.good, total.failed - before.failed};
}

}  // namespace weir::upstream

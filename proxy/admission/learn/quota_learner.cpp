#include "admission/learn/quota_learner.hpp"

#include <algorithm>
#include <cmath>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstRefusalTime = 500ms;  // before one was measured
constexpr Duration kLongestRefusalTime = 5s;
constexpr double kForget = 0.1;  // of the refusal time, each refusal
constexpr Duration kOutcomeMargin = 5ms;

constexpr std::uint32_t kTryAfter = 50;
constexpr std::uint32_t kBlur = 64;  // a limit at once is seen from afar, to about a 64th

constexpr std::uint64_t kRun = 4;
constexpr unsigned kRunEpisodes = 3;
constexpr std::uint64_t kRunGaps = 2;  // answers come out of order

constexpr Duration kFirstTry = 10ms;
constexpr Duration kLastTry = 2s;
// A pause that is longer than any window of a quota has another cause, and says nothing of the rate.
constexpr Duration kLongestWindow = 75s;
constexpr Duration kShortestWindow = 5s;
constexpr double kShortCut = 0.5;  // of R, after a pause that is not of a window
constexpr int kWindowSlack = 10;   // a tenth
constexpr unsigned kWindowMisses = 3;

}  // namespace

QuotaLearner::QuotaLearner(const QuotaConfig& config, TimePoint now)
    : config_(config),
      refusal_time_(kFirstRefusalTime),
      at_once_(std::clamp(config.start, 1U, std::max(config.max, 1U))),
      try_after_(kTryAfter),
      last_pause_end_(now),
      cycle_start_(now) {}

std::uint32_t QuotaLearner::concurrency() const {
    if (rate_.rate() && !kind_.is_at_once()) return std::max(config_.max, 1U);
    return std::clamp(at_once_ + (trying_ ? 1U : 0U), 1U, std::max(config_.max, 1U));
}

std::optional<double> QuotaLearner::rate() const { return kind_.is_at_once() ? std::nullopt : rate_.rate(); }

bool QuotaLearner::may_send(std::uint32_t inflight, TimePoint now) const {
    if (inflight >= concurrency()) return false;
    const auto next = next_send();
    return !next || *next <= now;
}

std::optional<TimePoint> QuotaLearner::next_send() const {
    if (paused_) return try_number_ > 0 ? try_sent_ + outcome_time() : try_at_;
    if (rate()) return rate_.next();
    return std::nullopt;
}

Duration QuotaLearner::outcome_time() const { return refusal_time_ * 3 / 2 + kOutcomeMargin; }

std::uint64_t QuotaLearner::sent(std::uint32_t inflight, TimePoint now) {
    update(now);
    ++last_;
    undecided_.add({last_, now, inflight, refusals_, inflight + 1 >= concurrency(), false});
    rate_.sent(last_, now);
    if (paused_ && try_number_ == 0) {
        try_number_ = last_;
        try_sent_ = now;
    }
    return last_;
}

void QuotaLearner::refused(std::uint64_t number, const QuotaReport& report, TimePoint now) {
    Undecided* undecided = undecided_.find(number);
    if (undecided != nullptr) {
        undecided->refused = true;
        note_outcome_time(now - undecided->sent);
    }
    const std::optional<Undecided> request = undecided != nullptr ? std::optional(*undecided) : std::nullopt;
    update(now);
    const TimePoint sent = request ? request->sent : now;
    // Beside how many accepted ones it was, before this refusal counts among those that were not.
    const std::uint32_t beside = request ? request->truly_beside(refusals_) : 0;
    ++refusals_;
    if (number >= cycle_first_) ++cycle_refused_;
    const bool new_episode = number > episode_end_;
    if (new_episode) {
        episode_end_ = last_;
        // The first burst arrives in any order: beside how many others a request was is not known.
        const bool was_at_once = kind_.is_at_once();
        if (request && rate_.rate()) kind_.refused(beside);
        if (was_at_once && !kind_.is_at_once()) rate_.start(last_, now);
    }
    retry_after_.refused(sent);
    reset_.refused(sent);
    if (report.retry_after) retry_after_.given(*report.retry_after, now);
    rate_.refused(number, sent, now);
    if (request) limit_at_once(beside);
    if (!rate_.rate()) first_end_ = last_;
    if (number <= first_end_) rate_.start(last_, now);
    note_run(number, new_episode);
    if (paused_ && number == try_number_) {
        try_number_ = 0;
        plan_try(now);
    } else if (!paused_ && run_refused_ >= kRun && run_episodes_ >= kRunEpisodes) {
        start_pause(now);
    }
}

void QuotaLearner::disregard(std::uint64_t number, const QuotaReport& report, TimePoint now) {
    if (paused_) return refused(number, report, now);
    // It was not accepted either.
    if (Undecided* request = undecided_.find(number)) request->refused = true;
}

void QuotaLearner::answered(std::uint64_t number, const QuotaReport& report, TimePoint now) {
    last_answered_ = std::max(last_answered_, number);
    if (paused_ && number == try_number_) end_pause(now);
    const auto is_used_up = [](const QuotaLeft& left) { return left.remaining == 0U && left.reset; };
    for (const QuotaLeft* left : {&report.requests, &report.tokens, &report.input, &report.output}) {
        if (is_used_up(*left)) reset_.given(*left->reset, now);
    }
    update(now);
    if (!paused_ && reset_.believed() && reset_.until() > now) start_pause(now);
}

void QuotaLearner::update(TimePoint now) {
    while (!undecided_.empty() && undecided_.oldest().sent + outcome_time() <= now) {
        if (!undecided_.oldest().refused) accept(undecided_.oldest());
        undecided_.drop_oldest();
    }
    rate_.update(outcome_time(), now);
    if (window_known_ && !paused_ && now - cycle_start_ >= window_ + window_ / kWindowSlack) pass_window(now);
    if (paused_ && try_number_ > 0 && try_sent_ + outcome_time() <= now) end_pause(now);
}

void QuotaLearner::accept(const Undecided& request) {
    retry_after_.accepted(request.sent);
    reset_.accepted(request.sent);
    const std::uint32_t beside = request.truly_beside(refusals_);
    // One that was sent before the last refusal was known is of the time before.
    if (request.number > episode_end_) kind_.accepted(beside);
    if (!rate_.rate() && request.at_limit) {
        at_once_ = std::min(at_once_ + 1, std::max(config_.max, 1U));
        return;
    }
    if (beside + 1 < at_once_) return;
    if (beside + 1 > at_once_) {
        at_once_ = std::min(at_once_ + 1, std::max(config_.max, 1U));
        if (trying_) try_after_ = std::max(try_after_ / 2, 1U);
        trying_ = false;
        at_limit_ = 0;
    } else if (++at_limit_ >= try_after_) {
        trying_ = true;
    }
}

void QuotaLearner::limit_at_once(std::uint32_t beside) {
    at_once_ = std::max(std::min(at_once_, beside - std::min(beside, at_once_ / kBlur)), 1U);
    try_after_ = kTryAfter;
    trying_ = false;
    at_limit_ = 0;
}

void QuotaLearner::note_run(std::uint64_t number, bool new_episode) {
    const std::uint64_t last = std::max(run_last_, number);
    const bool extends = run_refused_ > 0 && number >= run_first_ && last - run_first_ <= run_refused_ + kRunGaps;
    if (!extends) {
        run_first_ = number;
        run_refused_ = 0;
        run_episodes_ = 0;
    }
    run_last_ = extends ? last : number;
    ++run_refused_;
    if (new_episode || !extends) ++run_episodes_;
}

void QuotaLearner::note_outcome_time(Duration took) {
    const Duration kept = refusals_ == 0 ? Duration::zero() : refusal_time_;
    const auto forgotten = std::chrono::duration_cast<Duration>(kept * (1 - kForget) + took * kForget);
    refusal_time_ = std::clamp(std::max(took, forgotten), Duration::zero(), kLongestRefusalTime);
}

void QuotaLearner::start_pause(TimePoint now) {
    paused_ = true;
    paused_at_ = now;
    try_number_ = 0;
    rate_.suspend();
    plan_try(now);
}

void QuotaLearner::plan_try(TimePoint now) {
    const Duration step = rate_.rate() ? from_seconds(1 / *rate_.rate()) : kFirstTry;
    try_at_ = now + std::clamp(std::max((now - paused_at_) / 2, step), kFirstTry, kLastTry);
    for (const BelievedHint& hint : {retry_after_, reset_}) {
        if (hint.believed() && hint.until() > now) try_at_ = std::max(try_at_, hint.until());
    }
}

void QuotaLearner::end_pause(TimePoint now) {
    paused_ = false;
    try_number_ = 0;
    run_refused_ = 0;
    const bool of_a_window = now - paused_at_ < kLongestWindow;
    if (const auto before = rate_.rate()) {
        double rate = of_a_window ? cycle_rate(now) : *before;
        // What was accepted in a short time may have been few by chance, or what was saved up before.
        if (now - last_pause_end_ < kShortestWindow) rate = std::clamp(rate, kShortCut * *before, *before);
        rate_.set(rate, last_, now);
        note_window(now);
        if (window_known_ && of_a_window) rate_.keep();
    }
    last_pause_end_ = now;
    start_cycle(now);
}

double QuotaLearner::cycle_accepted() const {
    return cycle_carried_ + static_cast<double>(last_ + 1 - cycle_first_ - cycle_refused_);
}

double QuotaLearner::cycle_rate(TimePoint now) const {
    Duration length = now - cycle_start_;
    // Within a window, time without demand does not matter: it has been used up all the same.
    if (length > kLongestWindow) length -= rate_.idle() - cycle_idle_;
    return cycle_accepted() / std::max(seconds(length), 1e-3);
}

void QuotaLearner::pass_window(TimePoint now) {
    // The window's end is known to a tenth. What was sent in that tenth belongs to the next window.
    const Duration late = now - cycle_start_ - window_;
    if (late > window_ / 2) return start_cycle(now);  // nothing was sent for long
    const double carried = cycle_accepted() * seconds(late) / seconds(now - cycle_start_);
    rate_.lift();
    start_cycle(now);
    cycle_start_ -= late;
    cycle_carried_ = carried;
}

void QuotaLearner::note_window(TimePoint now) {
    const Duration since = now - last_pause_end_;
    if (window_ > Duration::zero()) {
        const auto windows = std::max<std::int64_t>((since + window_ / 2) / window_, 1);
        const Duration off = since > windows * window_ ? since - windows * window_ : windows * window_ - since;
        window_misses_ = off <= window_ / kWindowSlack ? 0 : window_misses_ + 1;
        window_known_ = window_misses_ == 0 || (window_known_ && window_misses_ < kWindowMisses);
        if (window_known_) return;
    }
    window_ = since >= kShortestWindow && since <= kLongestWindow ? since : Duration::zero();
    window_misses_ = 0;
}

void QuotaLearner::start_cycle(TimePoint now) {
    cycle_start_ = now;
    cycle_idle_ = rate_.idle();
    cycle_first_ = last_ + 1;
    cycle_refused_ = 0;
    cycle_carried_ = 0;
}

void QuotaLearner::reconfigure(const QuotaConfig& config) {
    config_ = config;
    at_once_ = std::clamp(at_once_, 1U, std::max(config.max, 1U));
}

}  // namespace weir::admission

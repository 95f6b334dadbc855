#include "admission/learn/limit_learner.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::admission {
namespace {

constexpr Duration kShortestPeriod = 1s;
constexpr std::size_t kSamples = 10;  // of a period
constexpr std::uint32_t kLongPrompt = 500;
constexpr double kForget = 0.99;  // factor on P_max each period
constexpr double kSlack = 0.2;    // of the slo: what the engine may add to a prompt's own time
// While S is above n no better class waits; while it is below n all classes wait until enough requests have ended. So a
// small strain gives a small cut, and the wait for long streams to end does not outlast the queue timeout.
constexpr double kCut = 0.03;  // for each s
constexpr double kLargestCut = 0.2;
constexpr double kStep = 0.1;
constexpr double kStepProbing = 0.01;
constexpr double kNear = 0.9;  // of where the last cut was
constexpr double kEase = 0.9;  // below this strain S may grow
constexpr Duration kHold = 5s;

}  // namespace

LimitLearner::LimitLearner(const LearnConfig& config, TimePoint now)
    : config_(config), limit_(config.start), period_start_(now), cut_at_(std::numeric_limits<double>::infinity()) {
    set_limit(limit_);
}

std::uint32_t LimitLearner::limit() const { return static_cast<std::uint32_t>(std::lround(limit_)); }

void LimitLearner::set_limit(double limit) { limit_ = std::clamp<double>(limit, config_.min, config_.max); }

void LimitLearner::first_token(Duration waited, std::uint32_t prompt_tokens, std::uint64_t ahead) {
    const double time = std::max(seconds(waited), 0.0);
    if (prompt_tokens >= kLongPrompt && time > 0) fastest_prompt_ = std::max(fastest_prompt_, prompt_tokens / time);
    const double explained = fastest_prompt_ > 0 ? static_cast<double>(ahead) / fastest_prompt_ : 0;
    first_tokens_.add(time);
    delays_.add(std::max(time - explained, 0.0));
}

void LimitLearner::finished(Duration time, std::uint32_t tokens) {
    if (tokens > 1) per_token_.add(std::max(seconds(time), 0.0) / (tokens - 1));
}

void LimitLearner::note_refusing(bool refusing, TimePoint now) {
    if (refusing == refusing_) return;
    if (refusing_) refused_ += now - refusing_since_;
    refusing_ = refusing;
    refusing_since_ = now;
}

std::uint32_t LimitLearner::update(std::uint32_t inflight, TimePoint now) {
    if (period_over(now)) {
        adjust(inflight, now);
        start_period(now);
    }
    return limit();
}

bool LimitLearner::period_over(TimePoint now) const {
    if (first_tokens_.size() < kSamples) return false;
    const Duration length = std::max(kShortestPeriod, from_seconds(2 * first_tokens_.median()));
    return now - period_start_ >= length;
}

double LimitLearner::strain() const {
    double strain = delays_.median() / (kSlack * seconds(config_.first_token_slo));
    if (config_.per_token_slo > Duration::zero() && per_token_.size() > 0) {
        strain = std::max(strain, per_token_.median() / seconds(config_.per_token_slo));
    }
    return strain;
}

void LimitLearner::adjust(std::uint32_t inflight, TimePoint now) {
    if (holding_ && inflight > limit() && now < hold_until_) return;
    holding_ = false;
    const Duration refused = refused_ + (refusing_ ? now - refusing_since_ : Duration::zero());
    const double s = strain();
    if (s > 1) {
        cut_at_ = limit_;
        set_limit(limit_ * (1 - std::min(kCut * s, kLargestCut)));
        holding_ = true;
        hold_until_ = now + kHold;
    } else if (s < kEase && 2 * refused > now - period_start_) {
        const bool cut_before = cut_at_ < std::numeric_limits<double>::infinity();
        const double step = limit_ < kNear * cut_at_ ? kStep : kStepProbing;
        // A share of a small limit would always round to nothing.
        set_limit(limit_ + std::max(limit_ * step, cut_before ? 0.25 : 1));
    }
}

void LimitLearner::start_period(TimePoint now) {
    first_tokens_.clear();
    delays_.clear();
    per_token_.clear();
    fastest_prompt_ *= kForget;
    period_start_ = now;
    refused_ = Duration::zero();
    refusing_since_ = now;
}

void LimitLearner::reconfigure(const LearnConfig& config) {
    config_ = config;
    set_limit(limit_);
}

}  // namespace weir::admission

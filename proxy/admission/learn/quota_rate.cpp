#include "admission/learn/quota_rate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr double kSlowest = 1.0 / 60;  // so that a quota that comes back is noticed
constexpr double kFastest = 1e6;
constexpr Duration kSecond = 1s;
constexpr Duration kCredit = 20ms;
constexpr Duration kDoubling = 500ms;
constexpr double kFirstLift = 0.1;  // of the ceiling
constexpr std::uint64_t kRound = 32;
constexpr std::uint64_t kEnoughRefused = 4;
constexpr double kLargestCut = 0.3;  // factor
constexpr double kLargestStep = 0.25;
constexpr unsigned kCleanRounds = 4;

}  // namespace

void QuotaRate::start(std::uint64_t last, TimePoint now) {
    std::uint64_t& most = this_second_ > last_second_ ? this_second_ : last_second_;
    most = std::max<std::uint64_t>(most, 2) - 1;  // without the refused one
    set(static_cast<double>(most), last, now);
    // What was just refused would be refused again now.
    next_ = std::max(next_, now + from_seconds(1 / rate_));
    doubling_ = true;
    doubled_ = now;
}

void QuotaRate::set(double rate, std::uint64_t last, TimePoint now) {
    rate_ = std::clamp(rate, kSlowest, kFastest);
    next_ = std::max(next_, now);
    doubling_ = false;
    clean_rounds_ = 0;
    ceiling_ = 0;
    last_ = last;
    suspended_ = false;
    start_round(last + 1);
}

void QuotaRate::keep() {
    ceiling_ = rate_ * (1 + kRefused);
    ceiling_step_ = kFirstLift;
}

void QuotaRate::lift() {
    ceiling_ *= 1 + ceiling_step_;
    ceiling_step_ = std::min(2 * ceiling_step_, 1.0);
}

void QuotaRate::sent(std::uint64_t number, TimePoint now) {
    last_ = number;
    if (now - second_start_ >= kSecond) {
        last_second_ = now - second_start_ < 2 * kSecond ? this_second_ : 0;
        this_second_ = 0;
        second_start_ = now;
    }
    ++this_second_;
    if (rate_ <= 0) return;
    const Duration step = from_seconds(1 / rate_);
    const bool waited = now - next_ <= std::max(step, kCredit);
    if (!waited && !suspended_) idle_ += now - next_;
    if (doubling_ && waited) {
        const Duration passed = std::clamp(now - doubled_, Duration::zero(), kDoubling);
        rate_ = std::min(rate_ * std::exp2(seconds(passed) / seconds(kDoubling)), kFastest);
    }
    doubled_ = now;
    // Where R is not what limits, it does not fall behind either.
    next_ = std::min(std::max(next_, now - kCredit), now) + from_seconds(1 / rate_);
    if (ended_ || number < first_) return;
    ++count_;
    if (waited) ++paced_;
    if (is_over()) ended_ = now;
}

void QuotaRate::refused(std::uint64_t number, TimePoint sent, TimePoint now) {
    if (number < first_ || number >= first_ + count_) return;
    ++refused_;
    if (doubling_ && refused_ >= kEnoughRefused) {
        // Back to what R was when this request was sent, and on from there.
        const double doublings = seconds(std::clamp(now - sent, Duration::zero(), 2 * kDoubling)) / seconds(kDoubling);
        rate_ = std::max(rate_ * std::exp2(-doublings), kSlowest);
        doubling_ = false;
        return start_round(last_ + 1);
    }
    if (!ended_ && is_over()) ended_ = now;
}

bool QuotaRate::is_over() const { return count_ >= kRound || refused_ >= kEnoughRefused; }

void QuotaRate::update(Duration outcome, TimePoint now) {
    if (rate_ <= 0 || !ended_ || now < *ended_ + outcome) return;
    if (refused_ > 0 || 2 * paced_ >= count_) adjust(static_cast<double>(refused_) / static_cast<double>(count_));
    start_round(last_ + 1);
}

void QuotaRate::suspend() {
    suspended_ = true;
    start_round(std::numeric_limits<std::uint64_t>::max());
}

void QuotaRate::adjust(double share) {
    double factor = 1 - share + kRefused;
    if (share > 0) {
        clean_rounds_ = 0;
        doubling_ = false;
    } else if (++clean_rounds_ > kCleanRounds) {
        factor = 1 + std::min(kRefused * std::exp2(std::min(clean_rounds_ - kCleanRounds, 10U)), kLargestStep);
    }
    if (doubling_) return;
    rate_ = std::clamp(rate_ * std::max(factor, kLargestCut), kSlowest, ceiling_ > 0 ? ceiling_ : kFastest);
}

void QuotaRate::start_round(std::uint64_t first) {
    first_ = first;
    count_ = paced_ = refused_ = 0;
    ended_.reset();
}

}  // namespace weir::admission

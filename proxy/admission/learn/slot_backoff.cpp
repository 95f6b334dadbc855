#include "admission/learn/slot_backoff.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPeriod = 1s;
constexpr std::size_t kSamples = 5;
constexpr double kLate = 0.03;  // of the slo
constexpr double kUnusual = 2;  // times the usual time
constexpr double kPatience = 1.02;
constexpr double kRecovery = 1.03;

}  // namespace

void SlotBackoff::first_token(const FirstToken& seen, Duration slo, TimePoint now) {
    const double time = std::max(seconds(seen.waited), 0.0);
    const Pace::Costs usual = usual_.costs();
    const double expected = usual.prompt_token * static_cast<double>(seen.ahead) + usual.answer_token;
    excess_.add(time - expected);
    ratios_.add(time / expected);
    taken_ += seen.inflight - (time > expected ? seen.waiting * (time - expected) / time : 0);
    if (!late_) usual_.learn(seen.ahead, 1, seen.waited);
    if (now - period_start_ >= kPeriod && excess_.size() >= kSamples) end_period(slo, now);
}

void SlotBackoff::end_period(Duration slo, TimePoint now) {
    late_ = excess_.median() > kLate * seconds(slo) && ratios_.median() > kUnusual * patience_;
    if (late_) {
        slots_ = std::min(slots_, std::max(1.0, taken_ / static_cast<double>(excess_.size())));
        patience_ *= kPatience;
    } else {
        slots_ *= kRecovery;
        patience_ = std::max(1.0, patience_ / kPatience);
    }
    excess_.clear();
    ratios_.clear();
    taken_ = 0;
    period_start_ = now;
}

}  // namespace weir::admission

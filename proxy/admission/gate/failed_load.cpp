#include "admission/gate/failed_load.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongest = 60s;       // a job of an hour must not make failures count for as long
constexpr std::uint32_t kMemory = 32;    // answers
constexpr Duration kStep = 1ms;          // fading more often than this costs time and changes nothing
constexpr double kForgotten = 1.0 / 32;  // of a request: less than this is nothing
constexpr double kBound = 2;             // of what the endpoint takes

void approach(Duration& mean, Duration value, std::uint32_t count) {
    mean += (std::clamp(value, kStep, kLongest) - mean) / static_cast<Duration::rep>(count);
}

// The part of a time that is left.
double left_of(Duration whole, Duration took) { return std::clamp(1 - seconds(took) / seconds(whole), 0.0, 1.0); }

}  // namespace

void GoodTimes::learn(Duration answer, Duration first_token) {
    count_ = std::min(count_ + 1, kMemory);
    approach(answer_, answer, count_);
    approach(first_token_, first_token, count_);
}

void FailedLoad::add(std::uint32_t prompt_tokens, Duration took, const GoodTimes& good, std::uint32_t limit) {
    const double left = left_of(good.answer(), took);
    if (requests_ + left > kBound * limit) return;
    requests_ += left;
    context_ += left * prompt_tokens;
    prompts_ += left_of(good.first_token(), took) * prompt_tokens;
}

void FailedLoad::fade(const GoodTimes& good, TimePoint now) {
    if (now - faded_at_ < kStep) return;
    const double past = seconds(now - faded_at_);
    faded_at_ = now;
    if (requests_ == 0) return;
    const double kept = std::exp(-past / seconds(good.answer()));
    requests_ *= kept;
    context_ *= kept;
    prompts_ *= std::exp(-past / seconds(good.first_token()));
    if (requests_ < kForgotten) requests_ = context_ = prompts_ = 0;
}

}  // namespace weir::admission

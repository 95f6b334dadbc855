#include "admission/learn/pace.hpp"

namespace weir::admission {
namespace {

constexpr double kKept = 0.98;   // of what was known, by each observation
constexpr double kRidge = 0.02;  // of the observations' weight

}  // namespace

void Pace::learn(std::uint64_t pending, std::uint32_t tokens, Duration took) {
    if (took <= Duration::zero()) return;
    const double x = static_cast<double>(pending) / seconds(took);
    const double z = tokens / seconds(took);
    xx_ = kKept * xx_ + x * x;
    xz_ = kKept * xz_ + x * z;
    zz_ = kKept * zz_ + z * z;
    x_ = kKept * x_ + x;
    z_ = kKept * z_ + z;
}

Pace::Costs Pace::costs() const {
    constexpr double kPrompt = 1 / kPromptRate;
    constexpr double kAnswer = 1 / kAnswerRate;
    // The assumed engine's times, times this, are as close to the observed ones as they can be.
    const double scale = (kPrompt * x_ + kAnswer * z_) /
                         (kPrompt * kPrompt * xx_ + 2 * kPrompt * kAnswer * xz_ + kAnswer * kAnswer * zz_);
    const double xx = xx_ * (1 + kRidge);
    const double zz = zz_ * (1 + kRidge);
    const double x = x_ + kRidge * xx_ * scale * kPrompt;
    const double z = z_ + kRidge * zz_ * scale * kAnswer;
    const double determinant = xx * zz - xz_ * xz_;
    const Costs costs{(x * zz - z * xz_) / determinant, (z * xx - x * xz_) / determinant};
    // Neither can be negative: then the other one alone explains the times best.
    if (costs.prompt_token < 0) return {0, z / zz};
    if (costs.answer_token < 0) return {x / xx, 0};
    return costs;
}

}  // namespace weir::admission

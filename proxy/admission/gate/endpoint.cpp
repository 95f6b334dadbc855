#include "admission/gate/endpoint.hpp"

#include <algorithm>
#include <cmath>

namespace weir::admission {
namespace {

// 0.9 is not exact in binary; a whole number must not be missed by its last bit.
constexpr double kRounding = 1e-9;

double fullest(const Endpoint& endpoint, double requests, double context, double prompts) {
    const double limit = law::kContextShare * static_cast<double>(endpoint.context_limit);
    return std::max({requests / std::max(endpoint.limit, 1U), endpoint.context_limit == 0 ? 0 : context / limit,
                     prompts / std::max(endpoint.prompt_limit, 1U)});
}

}  // namespace

double Endpoint::fill() const {
    return fullest(*this, inflight, static_cast<double>(context), static_cast<double>(prompts));
}

double Endpoint::weighted_fill() const {
    return fullest(*this, inflight + failed.requests(), static_cast<double>(context) + failed.context(),
                   static_cast<double>(prompts) + failed.prompts()) /
           share;
}

std::uint32_t Endpoint::told() const {
    if (quota) return quota->concurrency();
    return learner ? learner->limit() : requests;
}

void Endpoint::refresh_limits(TimePoint now) {
    limit = quota ? told() : gauges.slots(told(), now);
    context_limit = gauges.cache(context_told, now);
}

std::uint32_t Endpoint::shared_limit() const {
    return std::max(1U, static_cast<std::uint32_t>(std::floor(limit * share + kRounding)));
}

}  // namespace weir::admission

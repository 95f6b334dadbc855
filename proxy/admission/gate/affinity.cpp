#include "admission/gate/affinity.hpp"

#include <algorithm>
#include <cmath>

#include "admission/gate/endpoint.hpp"
#include "base/stable_hash.hpp"

namespace weir::admission {
namespace {

constexpr double kMeanPromptSlack = 0.16;  // what a prompt of mean length may exceed the mean load by
constexpr double kMostSlack = 0.5;
constexpr std::uint32_t kPromptsInMean = 1000;

double load_of(const Endpoint& endpoint) { return endpoint.inflight + endpoint.failed.requests(); }

double weight_of(const Endpoint& endpoint) { return std::max(endpoint.limit, 1U) * endpoint.share; }

}  // namespace

double affinity_score(std::uint64_t key, std::uint64_t name_hash, double share) {
    // Its upper 53 bits, which a double holds exactly; the half keeps it off 0 and 1.
    const std::uint64_t mixed = StableHash::mix(key ^ name_hash);
    const double fraction = (static_cast<double>(mixed >> 11) + 0.5) * 0x1p-53;
    return -share / std::log(fraction);
}

LoadBound::LoadBound(const std::vector<std::unique_ptr<Endpoint>>& endpoints, double slack) : slack_(slack) {
    for (const auto& endpoint : endpoints) {
        if (!endpoint->available) continue;
        load_ += load_of(*endpoint);
        weight_ += weight_of(*endpoint);
    }
}

bool LoadBound::allows(const Endpoint& endpoint) const {
    constexpr double kRounding = 1e-9;  // a whole number must not be missed by its last bit
    return load_of(endpoint) + 1 <= std::ceil(slack_ * load_ * weight_of(endpoint) / weight_ - kRounding);
}

void Conversations::note(std::uint64_t key, std::uint64_t name_hash, std::uint32_t prompt_tokens) {
    prompts_ = std::min(prompts_ + 1, kPromptsInMean);
    mean_prompt_ += (prompt_tokens - mean_prompt_) / prompts_;
    if (sets_.empty()) sets_.resize(kSets);
    Set& set = sets_[key % kSets];
    const auto found = std::find_if(set.begin(), set.end() - 1, [key](const Entry& entry) { return entry.key == key; });
    std::rotate(set.begin(), found, found + 1);
    set.front() = {key, name_hash};
}

std::uint64_t Conversations::endpoint_of(std::uint64_t key) const {
    if (sets_.empty()) return 0;
    for (const Entry& entry : sets_[key % kSets]) {
        if (entry.key == key) return entry.name_hash;
    }
    return 0;
}

double Conversations::slack(std::uint32_t prompt_tokens) const {
    const double length = mean_prompt_ > 0 ? prompt_tokens / mean_prompt_ : 1;
    return 1 + std::min(kMeanPromptSlack * length, kMostSlack);
}

}  // namespace weir::admission

#pragma once
// What `degrade` makes of a request under pressure: a shorter or smaller answer, before any request is refused.
//
// All rules that hold apply, in the policy's order: of two lengths the shorter counts, of anything else the later
// rule's, so stricter rules for higher pressure go below milder ones. A rule that would change nothing of a request, or
// could not make all of its changes, counts as not applied to it.
//
// Pure: the server, the simulator and the policy's own tests run this code.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "admission/config.hpp"
#include "base/ids.hpp"

namespace weir::admission {

// A rule for the class of the request.
struct DegradeRule {
    RuleId id{};
    DegradeConfig config;
};

// What a request asks for, as far as rules depend on it.
struct DegradeAsk {
    std::string_view model;
    std::string_view service_tier;
    std::uint32_t prompt_tokens = 0;
    std::optional<std::uint32_t> max_output_tokens;  // of one answer; nothing: the model decides
    std::uint32_t n = 1;
    // Which of these can be changed at all.
    bool has_length = false;
    bool has_model = false;
    bool has_tier = false;
};

struct DegradePlan {
    std::optional<std::uint32_t> max_output_tokens;
    std::optional<std::uint32_t> n;
    std::string_view model;         // this and the next two: empty for no change
    std::string_view service_tier;  // the views live as long as the rules
    std::string_view backend;
    std::uint64_t applied = 0;  // bits of the rules' ids
    std::uint64_t spared = 0;   // the same, of rules in shadow
};

// Rule ids are below this.
inline constexpr std::size_t kMaxRules = 64;

[[nodiscard]] DegradePlan plan_degrade(std::span<const DegradeRule> rules, const DegradeAsk& ask, double pressure);

}  // namespace weir::admission

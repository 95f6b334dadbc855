#pragma once
// What `degrade` makes of a request under pressure: a shorter or smaller answer, before anybody is refused.
//
// All rules that hold apply, in the policy's order: of two lengths the shorter counts, of all else the later, so that
// harder rules for higher pressure stand below milder ones. A rule that would change nothing of a request, or could not
// change all that it is to, has not been applied to it.
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

// What a request asks for, as far as rules look at it.
struct DegradeAsk {
    std::string_view model;
    std::string_view service_tier;
    std::uint32_t prompt_tokens = 0;
    std::optional<std::uint32_t> max_output_tokens;  // of one answer; nothing: as long as the model likes
    std::uint32_t n = 1;
    // What of it can be changed at all.
    bool has_length = false;
    bool has_model = false;
    bool has_tier = false;
};

struct DegradePlan {
    std::optional<std::uint32_t> max_output_tokens;
    std::optional<std::uint32_t> n;
    std::string_view model;         // empty, as are all of these: as it is
    std::string_view service_tier;  // the views live as long as the rules
    std::string_view backend;
    std::uint64_t applied = 0;  // bits of the rules' ids
    std::uint64_t spared = 0;   // likewise, of rules in shadow
};

// Rules are numbered below this.
inline constexpr std::size_t kMaxRules = 64;

[[nodiscard]] DegradePlan plan_degrade(std::span<const DegradeRule> rules, const DegradeAsk& ask, double pressure);

}  // namespace weir::admission

#pragma once
// A policy with a number for each of its names: judges, routing and simulations are made from it.

#include <cstddef>
#include <string>
#include <vector>

#include "admission/config.hpp"
#include "admission/degrade.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "numbering/names.hpp"
#include "policy/policy.hpp"

namespace weir::numbering {

struct NumberedPolicy {
    policy::Policy policy;
    // In the policy's order.
    std::vector<ListenerId> listeners;
    std::vector<ClassId> classes;
    std::vector<RuleId> rules;
    std::vector<BackendId> backends;
    std::vector<std::vector<EndpointId>> endpoints;  // of each backend
    Uses uses;                                       // for all these numbers
};

// An Error names what there is too much of; numbers that only this policy would have used are free again.
[[nodiscard]] Result<NumberedPolicy> number(policy::Policy policy, Names& names);

[[nodiscard]] std::vector<admission::JudgeClass> judge_classes(const NumberedPolicy& numbered);

// The rules for one class.
[[nodiscard]] std::vector<admission::DegradeRule> degrade_rules(const NumberedPolicy& numbered, const std::string& cls);

// The judge's configuration for the policy's `backend`-th backend: its endpoints and limits, and the classes whose
// requests may reach it.
[[nodiscard]] admission::JudgeConfig judge_config(const NumberedPolicy& numbered, std::size_t backend);

}  // namespace weir::numbering

#pragma once
// A policy in force, for people to read: every key with its value, including defaults.

#include <set>
#include <string>

#include "policy/keys/member.hpp"
#include "policy/policy.hpp"

namespace weir::policy {

// JSON in the shape of the policy file, indented, with a line ending at its end. Unset keys without a default are
// null. Values that came from ${env:...} or ${file:...}, the admin token and digests of keys are "***".
[[nodiscard]] std::string to_json(const Policy& policy);
// The same for what `root` describes.
[[nodiscard]] std::string to_json(const Description& root, const std::set<std::string>& secrets);

}  // namespace weir::policy

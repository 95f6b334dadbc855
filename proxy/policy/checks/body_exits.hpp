#pragma once
// Where a request ends up if its body takes it out of a class: what a policy's author must know about conditions on
// bodies, because callers control their bodies.

#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace weir::policy {

struct BodyExit {
    std::string from;               // a class that depends on the body
    std::vector<std::string> into;  // the classes that requests with such a head may get instead; the first match wins
    std::string unreadable;         // the one it gets when its body cannot be read
};

// One for each class that depends on the body, in the policy's order.
[[nodiscard]] std::vector<BodyExit> body_exits(const Policy& policy);

// `class 'bulk': a body that says otherwise leads to 'rest', one that cannot be read to 'bulk'`
[[nodiscard]] std::string to_text(const BodyExit& exit);

}  // namespace weir::policy

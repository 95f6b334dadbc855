#pragma once
// Where a request lands whose body leads it out of a class: what an author of a policy must know of conditions on
// bodies, as a body is its caller's word.

#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace weir::policy {

struct BodyExit {
    std::string from;               // a class that depends on the body
    std::vector<std::string> into;  // the classes that a request of its head may land in, the first that matches
    std::string unreadable;         // the one that it lands in when its body cannot be read
};

// One for each class that depends on the body, in the policy's order.
[[nodiscard]] std::vector<BodyExit> body_exits(const Policy& policy);

// `class 'bulk': a body that says otherwise leads to 'rest', one that cannot be read to 'bulk'`
[[nodiscard]] std::string to_text(const BodyExit& exit);

}  // namespace weir::policy

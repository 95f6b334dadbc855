#pragma once
// Which requests a class matches, compared with another class, without any request: the reasoning behind "can never
// match". Each condition is compared by itself, so a cover by several classes together is not detected.

#include <span>

#include "admission/config.hpp"

namespace weir::policy {

// Whether every request that matches `narrow` matches `wide`. `clients` relate names of keys and certificates to plans.
// Never wrongly true.
[[nodiscard]] bool covers(const admission::MatchConfig& wide, const admission::MatchConfig& narrow,
                          const admission::ClientsConfig& clients);

// Whether some request may match both, judged by listener, path and method alone. Never wrongly false.
[[nodiscard]] bool may_overlap(const admission::MatchConfig& a, const admission::MatchConfig& b);

// Whether it depends on what the caller claims in the body, including in its `not:`. The size of a prompt is not a
// claim: it is what was sent.
[[nodiscard]] bool trusts_body(const admission::MatchConfig& match);
// The same conditions without those that depend on a caller's claims.
[[nodiscard]] admission::MatchConfig without_claims(admission::MatchConfig match);

// Whether a caller must prove something to match: present a key or a certificate, or come from a network that is not
// the whole address space.
[[nodiscard]] bool needs_proof(const admission::MatchConfig& match);

}  // namespace weir::policy

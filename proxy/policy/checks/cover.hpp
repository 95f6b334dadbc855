#pragma once
// Which requests a class matches, compared with another class, without any request: the reasoning behind "can never
// match". Each condition is compared by itself, so a cover made of several classes together is not seen.

#include <span>

#include "admission/config.hpp"

namespace weir::policy {

// Whether every request that matches `narrow` matches `wide`. `clients` relate names of keys and certificates to plans.
// Never true wrongly.
[[nodiscard]] bool covers(const admission::MatchConfig& wide, const admission::MatchConfig& narrow,
                          const admission::ClientsConfig& clients);

// Whether some request may match both, judged by listener, path and method alone. Never false wrongly.
[[nodiscard]] bool may_overlap(const admission::MatchConfig& a, const admission::MatchConfig& b);

// Whether it depends on what the caller says in the body, be it in its `not:`. The size of a prompt is no word: it is
// what was sent.
[[nodiscard]] bool trusts_body(const admission::MatchConfig& match);
// The same conditions, and those that hold whatever a caller says.
[[nodiscard]] admission::MatchConfig without_words(admission::MatchConfig match);

// Whether a caller must prove something to match: show a key or a certificate, or come from a network that is not
// everything.
[[nodiscard]] bool needs_proof(const admission::MatchConfig& match);

}  // namespace weir::policy

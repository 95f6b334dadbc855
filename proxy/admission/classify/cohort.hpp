#pragma once
// Cohorts: which clients of a class are served while not all can be.
//
// Under scarcity it is better to serve some clients whole than all of them a little: a caller of whom every tenth
// request passes has nothing. So clients stand in the line by cohort, a keyed hash of the client, and it is the same
// cohorts that are shed for as long as the scarcity lasts. That nobody is last for ever, clients are dealt anew every
// hour, each at a minute of its own, so that not all change places at once.
//
// The same client in the same hour has the same cohort in every process that has the same salt: two Weirs side by side
// shed the same clients.

#include <chrono>
#include <cstdint>

#include "admission/place.hpp"

namespace weir::admission {

// `client` is a keyed hash; `wall` the time since 1970 by the wall clock. 0 to law::kCohorts - 1.
[[nodiscard]] std::uint16_t cohort_of(ClientKey client, std::chrono::seconds wall);

}  // namespace weir::admission

#pragma once
// Cohorts: which clients of a class are served while not all can be.
//
// Under scarcity it is better to serve some clients in full than all of them in part: a caller with one request in ten
// served gets no useful work done. So clients are queued by cohort, a keyed hash of the client, and the same cohorts
// are shed for as long as the scarcity lasts. So that no client is last permanently, clients are reassigned every hour,
// each at its own offset within the hour, so that not all change places at once.
//
// A client in a given hour has the same cohort in every process with the same salt: two Weirs side by side shed the
// same clients.

#include <chrono>
#include <cstdint>

#include "admission/place.hpp"

namespace weir::admission {

// `client` is a keyed hash; `wall` the time since 1970 by the wall clock. 0 to law::kCohorts - 1.
[[nodiscard]] std::uint16_t cohort_of(ClientKey client, std::chrono::seconds wall);

}  // namespace weir::admission

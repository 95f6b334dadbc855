#pragma once
// Sends a refusal to the client, in its dialect, with advice on when to come back.

#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/refusal.hpp"
#include "downstream/exchange/upload.hpp"
#include "net/task.hpp"

namespace weir::downstream {

// Sends it; the connection stays open if the rest of the body can be skipped.
[[nodiscard]] net::task<void> refuse(Client& client, const Inbound& inbound, const Caller& caller, Upload& upload,
                                     const Refusal& why, Outcome& outcome);

}  // namespace weir::downstream

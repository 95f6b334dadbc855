#pragma once
// The end of the head that the backend gets: how the body that follows is framed.

#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/upload.hpp"

namespace weir::downstream {

// Ends the head, or ends it again where the body has changed since.
void end_head(Inbound& inbound, Upload& upload);

}  // namespace weir::downstream

#pragma once
// What a connection over a limit is sent before it is closed.

#include <string>

#include "downstream/worker_context.hpp"

namespace weir::downstream {

[[nodiscard]] std::string connection_refusal(WorkerContext& worker);

}  // namespace weir::downstream

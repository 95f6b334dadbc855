#pragma once
// Whether what a policy names can be had on this machine: certificates, keys, authorities, the folders of logs and
// sockets. What serve() would stumble over is told by `check`, with its place in the policy.

#include "policy/load.hpp"

namespace weir::trials {

// One error for each. REQUIRES: loaded.policy.
[[nodiscard]] policy::Diagnostics check_files(const policy::LoadedPolicy& loaded);

}  // namespace weir::trials

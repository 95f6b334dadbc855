#pragma once
// Whether what a policy names is usable on this machine: certificates, keys, authorities, the folders of logs and
// sockets. `check` thus reports what serve() would fail on, with its place in the policy.

#include "policy/load.hpp"

namespace weir::trials {

// One error for each unusable one. REQUIRES: loaded.policy.
[[nodiscard]] policy::Diagnostics check_files(const policy::LoadedPolicy& loaded);

}  // namespace weir::trials

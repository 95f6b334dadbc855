#pragma once
// The verb that asks a running process to take its policy anew, and waits for what comes of it: a signal alone does
// not tell whether it was obeyed.

#include <string>

namespace weir::app {

// The exit code: 0 once the policy is in force, 1 when it was refused or nothing is known. Prints why.
// `pid` is signalled whatever the policy says, as that also opens the log anew. `admin` may be empty: what the policy
// says.
[[nodiscard]] int reload_and_wait(const std::string& policy_file, int pid, const std::string& admin);

}  // namespace weir::app

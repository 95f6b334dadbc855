#pragma once
// The door of this room: a policy file in, a checked Policy or every diagnostic out.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "policy/diagnostic.hpp"
#include "policy/policy.hpp"

namespace weir::policy {

struct LoadedPolicy {
    std::optional<Policy> policy;  // empty when there is an error
    Diagnostics diagnostics;       // errors and warnings, by place
    Sources sources;               // for the carets of to_text()
    std::string file;              // as marks name it
    // Where the policy names what is outside of it (`listeners[0].tls`, `logging.access.to`).
    std::map<std::string, Mark> places;
};

struct LoadOptions {
    // Descriptors this process may open; 0: the hard limit that the kernel reports.
    std::uint64_t file_descriptors = 0;
    // This process is about to serve it: what it cannot hold is an error, and no warning about this machine.
    bool served = false;
    // The policy itself, where it is no file; relative paths count from the working directory.
    std::optional<std::string> text{};
};

// Reads the policy at `path` and the file of keys it names: parse, expand secrets, read by its keys, check
// the meaning. Marks name files as they can be opened from the working directory. Never throws for what is in a file.
// The policy's own `tests` are read, and not run: that takes a judge.
[[nodiscard]] LoadedPolicy load_policy(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace weir::policy

#pragma once
// The entry point of this module: a policy file in, a checked Policy or all diagnostics out.

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
    // Places where the policy refers to something outside it (`listeners[0].tls`, `logging.access.to`).
    std::map<std::string, Mark> places;
};

struct LoadOptions {
    // Descriptors this process may open; 0: the hard limit that the kernel reports.
    std::uint64_t file_descriptors = 0;
    // This process is about to serve it: what it cannot hold is then an error, not just a warning about this machine.
    bool served = false;
    // A secret that this machine does not have is an error; otherwise a placeholder stands in its place.
    bool secrets = true;
    // The policy's text, if it is not in a file; relative paths are relative to the working directory.
    std::optional<std::string> text{};
};

// Reads the policy at `path` and the file of keys it names: parses, expands secrets, reads values by key, checks their
// meaning. Marks name files as they can be opened from the working directory. Never throws because of a file's content.
// The policy's own `tests` are read but not run: that takes a judge.
[[nodiscard]] LoadedPolicy load_policy(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace weir::policy

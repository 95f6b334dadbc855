#pragma once
// Reads a tree into config structs by their keys: every key known, every value of its form, nothing missing. Reading
// continues after an error, so that one run reports all of them.

#include <filesystem>
#include <set>
#include <string>

#include "policy/diagnostic.hpp"
#include "policy/keys/visitor.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// Shared by all maps of a file.
struct ReadContext {
    const std::filesystem::path& folder;  // of the file; relative paths are relative to it
    std::set<std::string>& secrets;       // collects the paths of values that came from outside the file
    Diagnostics& diagnostics;
};

// Reads `root` by the keys that `root_keys` names. Marks as `broken` each node in which something was refused, up
// to the root. Lists of maps always grow by one struct for each item, so that structs and nodes share their index.
// `prefix` starts the paths that are added to the secrets.
void read(Node& root, const Description& root_keys, const std::string& prefix, const ReadContext& context);

}  // namespace weir::policy

#pragma once
// Reads a tree into config structs by the table of fields: every key known, every value of its form, nothing missing.
// It goes on after an error, so that one run reports all of them.

#include <filesystem>
#include <set>
#include <string>

#include "policy/diagnostic.hpp"
#include "policy/keys/field.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// Fills `owner`, the struct that `shape` describes. Marks as `broken` each node in which something was refused, up to
// the root. Lists of maps always grow by one struct for each item, so that structs and nodes share their index.
// `prefix` starts the paths that are added to `secrets`.
void read(const Shape& shape, Node& root, void* owner, const std::filesystem::path& folder, const std::string& prefix,
          std::set<std::string>& secrets, Diagnostics& diagnostics);

}  // namespace weir::policy

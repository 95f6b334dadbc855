#pragma once
// `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` in scalar values.
//
// Replaced after the YAML has been parsed, so that a secret can hold any character and never changes the structure.
// What came from outside is marked secret and is printed as *** from then on.

#include <filesystem>

#include "policy/diagnostic.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// Expands every scalar below `node`. A file's path is relative to `folder`; one line ending at its end is cut off.
// `$${` stands for a plain `${`. A variable that is not set and a file that cannot be read are errors at their place.
void expand(Node& node, const std::filesystem::path& folder, Diagnostics& diagnostics);

}  // namespace weir::policy

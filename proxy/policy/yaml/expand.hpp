#pragma once
// `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` in scalar values.
//
// Replaced after the YAML has been parsed, so that a secret can hold any character and never changes the structure.
// Values from outside are marked secret and printed as *** from then on.

#include <filesystem>

#include "policy/diagnostic.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

// Expands every scalar below `node`. A file's path is relative to `folder`; one line ending at its end is removed.
// `$${` stands for a plain `${`. An unset variable and an unreadable file are errors, reported at their place.
void expand(Node& node, const std::filesystem::path& folder, Diagnostics& diagnostics);

}  // namespace weir::policy

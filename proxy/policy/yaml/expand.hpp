#pragma once
// `${env:NAME}`, `${env:NAME:-default}` and `${file:/path}` in scalar values.
//
// Replaced after the YAML has been parsed, so that a secret can hold any character and never changes the structure.
// Values from outside are marked secret and printed as *** from then on.

#include <filesystem>

#include "policy/diagnostic.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {

struct Expansion {
    const std::filesystem::path& folder;  // relative paths of files are relative to it
    bool strict = true;  // an unset variable and an unreadable file are errors; otherwise a placeholder replaces them
};

// Expands every scalar below `node`. One line ending at the end of a file is removed. `$${` stands for a plain `${`.
// Errors are reported at their place.
void expand(Node& node, const Expansion& how, Diagnostics& diagnostics);

}  // namespace weir::policy

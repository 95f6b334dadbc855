#pragma once
// Checks on files named by an operator, made before they are opened: opening a named pipe blocks until a writer opens
// it, and a folder can be opened but never read.

#include <string>

namespace weir {

// Why `path` is not a regular file that may be opened for reading, as a clause (`does not exist`); empty when it is
// one.
[[nodiscard]] std::string why_not_plain_file(const std::string& path);

}  // namespace weir

#pragma once
// Files that an operator names, looked at before they are opened: opening a named pipe waits until a writer comes to
// it, and a folder can be opened but never read.

#include <string>

namespace weir {

// Why `path` is no plain file that may be opened for reading, as a clause (`does not exist`); empty: it is one.
[[nodiscard]] std::string why_not_plain_file(const std::string& path);

}  // namespace weir

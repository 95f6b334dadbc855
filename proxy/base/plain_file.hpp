#pragma once
// Checks on files named by an operator, made before they are opened: opening a named pipe blocks until a writer opens
// it, and a folder can be opened but never read.

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace weir {

// Why `path` is not a regular file that may be opened for reading, as a clause (`does not exist`); empty when it is
// one.
[[nodiscard]] std::string why_not_plain_file(const std::string& path);

// The bytes of a regular file of at most `max` bytes. The error is such a clause. Does not block if the file is
// replaced by a named pipe meanwhile.
[[nodiscard]] Result<std::string> read_plain_file(const std::string& path, std::size_t max);

}  // namespace weir

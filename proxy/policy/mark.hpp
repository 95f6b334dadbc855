#pragma once
// A place in a policy file.

#include <string>

namespace weir::policy {

// A position in a file: 1-based, in bytes.
struct Mark {
    std::string file;
    int line = 0;
    int column = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
};

}  // namespace weir::policy

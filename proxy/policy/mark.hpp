#pragma once
// A place in a policy file, and what is said about it.

#include <string>

namespace weir::policy {

// Where something stands in a file: 1-based, in bytes.
struct Mark {
    std::string file;
    int line = 0;
    int column = 0;

    friend bool operator==(const Mark&, const Mark&) = default;
};

}  // namespace weir::policy

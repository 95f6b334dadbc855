#pragma once
// JSON with indentation: Boost.JSON writes everything on one line.

#include <boost/json/value.hpp>
#include <string>

namespace weir::policy {

// Two spaces a level; lists of single values stay on one line. Ends with a line ending.
[[nodiscard]] std::string pretty(const boost::json::value& value);

}  // namespace weir::policy

#pragma once
// Queries a running Weir's admin listener, for the verbs `status`, `reload` and `endpoint`.

#include <string>

#include "base/result.hpp"
#include "net/config.hpp"

namespace weir::cli {

// `address`: `HOST:PORT`, where HOST may be a name, or `unix:/PATH`. Returns the JSON of /status; an Error says whether
// nothing answers there, or something other than Weir.
[[nodiscard]] Result<std::string> ask_status(const std::string& address);

// Posts JSON to a path; `token` may be empty. An Error holds the listener's own words where it refuses.
[[nodiscard]] Result<std::string> post(const std::string& address, const std::string& path, const std::string& json,
                                       const std::string& token);

// The argument of ask_status() for an address that a policy binds; for a wildcard address, the loopback.
[[nodiscard]] std::string admin_address_of(const net::BindAddress& bind);

}  // namespace weir::cli

#pragma once
// Queries a running Weir's admin listener, for the verbs `status` and `reload`.

#include <string>

#include "base/result.hpp"
#include "net/config.hpp"

namespace weir::cli {

// `address`: `HOST:PORT`, where HOST may be a name, or `unix:/PATH`. Returns the JSON of /status; an Error says whether
// nothing answers there, or something other than Weir.
[[nodiscard]] Result<std::string> ask_status(const std::string& address);

// The argument of ask_status() for an address that a policy binds; for a wildcard address, the loopback.
[[nodiscard]] std::string admin_address_of(const net::BindAddress& bind);

}  // namespace weir::cli

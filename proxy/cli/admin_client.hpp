#pragma once
// Asks a running Weir's admin door, as the verbs `status` and `reload` do.

#include <string>

#include "base/result.hpp"
#include "net/config.hpp"

namespace weir::cli {

// `HOST:PORT`, where HOST may be a name, or `unix:/PATH`. The JSON of /status; an Error says whether no Weir is there,
// or something else is.
[[nodiscard]] Result<std::string> ask_status(const std::string& address);

// How ask_status() is told of an address that a policy binds; one that stands for all is asked at the loopback.
[[nodiscard]] std::string admin_address_of(const net::BindAddress& bind);

}  // namespace weir::cli

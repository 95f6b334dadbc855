#pragma once
// The operator's listener.

#include <optional>
#include <string>
#include <vector>

#include "net/config.hpp"

namespace weir::admin {

struct AdminConfig {
    net::BindAddress bind{"127.0.0.1", 9901, {}};
    std::vector<std::string> names;    // accepted in Host, besides addresses and localhost
    std::optional<std::string> token;  // required as a bearer token for /config and for routes that change something

    friend bool operator==(const AdminConfig&, const AdminConfig&) = default;
};

}  // namespace weir::admin

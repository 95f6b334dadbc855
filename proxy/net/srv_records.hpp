#pragma once
// The SRV records of a DNS answer (RFC 2782).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace weir::net {

struct SrvRecords {
    struct Service {
        std::string host;
        std::uint16_t port = 0;
        std::uint16_t weight = 1;  // at least 1: what has a weight of 0 is to be used little, but used
    };
    std::vector<Service> services;  // those of the best priority alone: others are for when none of these is there
    Duration ttl{};                 // the shortest
};

// `message` is a whole DNS message; what is malformed is left out.
[[nodiscard]] SrvRecords read_srv_records(std::string_view message);

}  // namespace weir::net

#pragma once
// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): a balancer in front states, before the first
// byte of the connection itself, which client it carries.
//
// It is read only where the policy expects it, and there it is required: a client that could omit it could pretend to
// be the balancer.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip.hpp"

namespace weir::net {

// The longest header accepted: 16 bytes plus the announced length. Addresses take 36 bytes of it; the rest are
// extensions that balancers add, and longer ones are refused.
inline constexpr std::size_t kMaxProxyHeader = 1024;

struct ProxyHeader {
    enum class Status : std::uint8_t { complete, need_more, refused };

    Status status = Status::need_more;
    std::size_t size = 0;             // of the header, when complete
    std::optional<IpAddress> source;  // empty: the balancer's own connection (LOCAL, UNKNOWN), the peer counts
};

// Reads a header from the start of `bytes`. Strict: anything but a well-formed header of version 1 or 2 is refused.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view bytes);

// Reads a header from the socket `fd` and nothing that follows it, such as the first bytes of TLS. A peer that closes
// without one is refused.
[[nodiscard]] ProxyHeader receive_proxy_header(int fd);

}  // namespace weir::net

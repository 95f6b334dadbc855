#pragma once
// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): what a balancer in front says, before the first
// byte of the connection itself, about whom it carries.
//
// It is believed only where the policy expects it, and there it must come: whoever may leave it out could claim to be
// the balancer.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip.hpp"

namespace weir::net {

// No header is longer: 16 bytes and what they announce, of which addresses take 36; the rest are extensions that
// balancers add, and more than this of them is refused.
inline constexpr std::size_t kMaxProxyHeader = 1024;

struct ProxyHeader {
    enum class Status : std::uint8_t { complete, need_more, refused };

    Status status = Status::need_more;
    std::size_t size = 0;             // of the header, when complete
    std::optional<IpAddress> source;  // empty: the balancer speaks for itself (LOCAL, UNKNOWN), the peer counts
};

// Reads a header from the start of `bytes`. Strict: what is neither version, or says it in another form, is refused.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view bytes);

// Takes a header from the socket `fd`, and nothing of what follows it: the first bytes of TLS, say. A peer that has
// closed without one is refused.
[[nodiscard]] ProxyHeader receive_proxy_header(int fd);

}  // namespace weir::net

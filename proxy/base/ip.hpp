#pragma once
// IP addresses and networks, as pure values.
//
// IPv4 is kept as its IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2), so that one comparison serves both and a
// client that reaches a dual-stack listener over IPv4 still matches `10.0.0.0/8`.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 mapped

    // Reads dotted-quad IPv4 (no leading zeros) or IPv6 text, without a zone.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const;
    [[nodiscard]] std::string to_string() const;
    // The first `bits` bits (0 to 128, in the mapped form), the rest zero.
    [[nodiscard]] IpAddress masked(int bits) const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

struct IpNetwork {
    IpAddress base;
    int bits = 128;  // in the mapped form: an IPv4 /8 is 104

    // Reads `10.0.0.0/8`, `fd00::/8` or a lone address. Refuses host bits set below the prefix (`10.0.0.1/8`), because
    // that is almost certainly a mistake.
    [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const { return address.masked(bits) == base; }

    friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

// Whether any of the networks contains the address; false for an empty list.
[[nodiscard]] bool contains_any(std::span<const IpNetwork> networks, const IpAddress& address);

}  // namespace weir

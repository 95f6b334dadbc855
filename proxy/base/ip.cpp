#include "base/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace weir {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr int kMappedBits = 96;

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    // inet_pton wants a terminator; the longest legal text is 45 characters.
    std::array<char, 64> copy{};
    if (text.empty() || text.size() >= copy.size()) return std::nullopt;
    std::copy(text.begin(), text.end(), copy.begin());
    IpAddress address;
    if (text.find(':') == std::string_view::npos) {
        if (inet_pton(AF_INET, copy.data(), address.bytes.data() + kMappedPrefix.size()) != 1) return std::nullopt;
        std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
        return address;
    }
    if (inet_pton(AF_INET6, copy.data(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

bool IpAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin()); }

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = is_v4();
    inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? kMappedPrefix.size() : 0), text.data(), text.size());
    return text.data();
}

IpAddress IpAddress::masked(int bits) const {
    IpAddress result;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int keep = std::clamp(bits - static_cast<int>(8 * i), 0, 8);
        result.bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xFF00 >> keep));
    }
    return result;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    IpNetwork network{*address, 128};
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        int bits = -1;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        if ((digits.size() > 1 && digits.front() == '0') || bits < 0 || bits > (v4 ? 32 : 128)) return std::nullopt;
        network.bits = v4 ? kMappedBits + bits : bits;
    }
    if (network.base.masked(network.bits) != network.base) return std::nullopt;
    return network;
}

bool contains_any(std::span<const IpNetwork> networks, const IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace weir

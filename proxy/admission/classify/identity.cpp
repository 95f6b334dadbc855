#include "admission/classify/identity.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

constexpr int kIpv6ClientBits = 64;  // what one subscriber holds at least (RFC 6177)

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpaces = " \t";
    const std::size_t first = text.find_first_not_of(kSpaces);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace

std::optional<IpAddress> parse_forwarded(std::string_view entry) {
    entry = trimmed(entry);
    if (entry.starts_with('[')) {
        const std::size_t close = entry.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        const std::string_view rest = entry.substr(close + 1);
        if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1)))) return std::nullopt;
        const std::string_view inside = entry.substr(1, close - 1);
        return inside.find(':') == std::string_view::npos ? std::nullopt : IpAddress::parse(inside);
    }
    // One colon can only be a port: IPv6 has at least two.
    const std::size_t colon = entry.find(':');
    if (colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
        if (!is_port(entry.substr(colon + 1))) return std::nullopt;
        entry = entry.substr(0, colon);
    }
    return IpAddress::parse(entry);
}

Identifier::Identifier(const ClientsConfig& clients, std::uint64_t salt)
    : clients_(clients), salt_{salt, salt ^ 0x9E37'79B9'7F4A'7C15U} {
    for (const ApiKey& key : clients_.api_keys) {
        by_digest_.emplace(key.digest, &key);
        // In any order the same: a sum.
        dealer_.k0 += siphash({}, key.digest.bytes);
        dealer_.k1 += siphash({1, 1}, key.digest.bytes);
    }
}

Identity Identifier::identify(const Credentials& credentials) const {
    Identity identity;
    identity.source = source_of(credentials.peer, credentials.forwarded_for);
    if (!credentials.ambiguous_key && !credentials.api_key.empty()) identity.api_key = known(credentials.api_key);
    name_client(identity);
    return identity;
}

Identity Identifier::assume(const IpAddress& source, std::string_view key_name) const {
    const auto found = std::find_if(clients_.api_keys.begin(), clients_.api_keys.end(),
                                    [key_name](const ApiKey& key) { return key.name == key_name; });
    Identity identity;
    identity.source = source;
    if (found != clients_.api_keys.end()) identity.api_key = &*found;
    name_client(identity);
    return identity;
}

IpAddress Identifier::source_of(IpAddress peer, std::string_view forwarded_for) const {
    // Each proxy appends whom it heard from, so entries are believed from the right, for as long as whoever wrote them
    // is trusted. What nobody vouches for, or nobody can read, ends the walk.
    IpAddress source = peer;
    while (!forwarded_for.empty() && is_trusted(source)) {
        const std::size_t comma = forwarded_for.rfind(',');
        const auto entry = parse_forwarded(forwarded_for.substr(comma == std::string_view::npos ? 0 : comma + 1));
        if (!entry) break;
        source = *entry;
        forwarded_for = comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    }
    return source;
}

bool Identifier::is_trusted(const IpAddress& address) const {
    return std::any_of(clients_.trusted_proxies.begin(), clients_.trusted_proxies.end(),
                       [&](const IpNetwork& network) { return network.contains(address); });
}

const ApiKey* Identifier::known(std::string_view api_key) const {
    if (by_digest_.empty()) return nullptr;
    const auto found = by_digest_.find(sha256(api_key));
    return found == by_digest_.end() ? nullptr : found->second;
}

void Identifier::name_client(Identity& identity) const {
    // Another key for names of keys: such a name must never be a client with an address for a name.
    const auto hash = [&](SipKey key) {
        if (identity.api_key != nullptr) {
            const std::string& name = identity.api_key->name;
            return siphash({key.k0, ~key.k1}, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
        }
        const IpAddress& source = identity.source;
        return siphash(key, source.is_v4() ? source.bytes : source.masked(kIpv6ClientBits).bytes);
    };
    identity.client = hash(salt_);
    identity.dealt_as = hash(dealer_);
}

}  // namespace weir::admission

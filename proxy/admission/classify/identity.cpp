#include "admission/classify/identity.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace weir::admission {
namespace {

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Names of each kind are hashed with a key of their own, so that no name hashes like an address or a name of another
// kind.
ClientKey hash_of_name(SipKey key, std::string_view name) {
    return siphash({key.k0, ~key.k1}, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
}

ClientKey hash_of_certificate(SipKey key, std::string_view name) {
    return siphash({~key.k0, key.k1}, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
}

ClientKey hash_of_source(SipKey key, const IpAddress& source) { return siphash(key, client_address(source).bytes); }

}  // namespace

IpAddress client_address(const IpAddress& address) {
    constexpr int kIpv6ClientBits = 64;
    return address.is_v4() ? address : address.masked(kIpv6ClientBits);
}

std::optional<IpAddress> parse_forwarded(std::string_view entry) {
    entry = trim(entry);
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
        // A sum, so that the order of keys does not matter.
        cohort_salt_.k0 += siphash({}, key.digest.bytes);
        cohort_salt_.k1 += siphash({1, 1}, key.digest.bytes);
    }
    holders_.reserve(clients_.api_keys.size());
    for (const ApiKey& key : clients_.api_keys) {
        holders_.push_back({&key, hash_of_name(salt_, key.name), hash_of_name(cohort_salt_, key.name)});
        by_digest_.emplace(key.digest, &holders_.back());
    }
}

Identity Identifier::identify(const Credentials& credentials) const {
    const bool shown = !credentials.ambiguous_key && !credentials.api_key.empty();
    const IpAddress source = source_of(credentials.peer, credentials.forwarded_for);
    Identity identity = name(source, shown ? known(credentials.api_key) : nullptr);
    identity.via_trusted = is_trusted(credentials.peer);
    if (credentials.subject.empty()) return identity;
    identity.certificate = certified(credentials.subject, credentials.issuer);
    if (identity.api_key == nullptr && identity.certificate != nullptr) {
        identity.client = hash_of_certificate(salt_, identity.certificate->name);
        identity.cohort_key = hash_of_certificate(cohort_salt_, identity.certificate->name);
    }
    return identity;
}

Identity Identifier::assume(const IpAddress& source, std::string_view key_name) const {
    const auto found = std::find_if(holders_.begin(), holders_.end(),
                                    [key_name](const Holder& holder) { return holder.key->name == key_name; });
    return name(source, found == holders_.end() ? nullptr : &*found);
}

IpAddress Identifier::source_of(IpAddress peer, std::string_view forwarded_for) const {
    // Each proxy appends the address it received the request from, so entries are believed from the right, for as long
    // as their writer is trusted. An entry that no trusted proxy vouches for, or that cannot be parsed, ends the walk;
    // so does a chain longer than any real one.
    constexpr int kMaxHops = 32;
    IpAddress source = peer;
    for (int hop = 0; hop < kMaxHops && !forwarded_for.empty() && is_trusted(source); ++hop) {
        const std::size_t comma = forwarded_for.rfind(',');
        const auto entry = parse_forwarded(forwarded_for.substr(comma == std::string_view::npos ? 0 : comma + 1));
        if (!entry) break;
        source = *entry;
        forwarded_for = comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    }
    return source;
}

bool Identifier::is_trusted(const IpAddress& address) const { return contains_any(clients_.trusted_proxies, address); }

const Identifier::Holder* Identifier::known(std::string_view api_key) const {
    // The time to hash a presented key grows with its length, which the caller chooses.
    constexpr std::size_t kLongestKey = 1024;
    if (by_digest_.empty() || api_key.size() > kLongestKey) return nullptr;
    const auto found = by_digest_.find(sha256(api_key));
    return found == by_digest_.end() ? nullptr : found->second;
}

const Certificate* Identifier::certified(std::string_view subject, std::string_view issuer) const {
    const auto found = std::find_if(
        clients_.certificates.begin(), clients_.certificates.end(),
        [&](const Certificate& one) { return one.subject == subject && (one.issuer.empty() || one.issuer == issuer); });
    return found == clients_.certificates.end() ? nullptr : &*found;
}

Identity Identifier::name(const IpAddress& source, const Holder* holder) const {
    if (holder != nullptr) return {source, holder->key, nullptr, holder->client, holder->cohort_key};
    return {source, nullptr, nullptr, hash_of_source(salt_, source), hash_of_source(cohort_salt_, source)};
}

}  // namespace weir::admission

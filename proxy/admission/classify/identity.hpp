#pragma once
// Identifies the caller: by an API key or a certificate that the policy knows, else by the address that trusted proxies
// vouch for.
//
// Immutable after construction: threads share it without a lock.

#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admission/classify/facts.hpp"
#include "admission/classify/siphash.hpp"

namespace weir::admission {

class Identifier {
public:
    Identifier(const ClientsConfig& clients, std::uint64_t salt);
    Identifier(const Identifier&) = delete;  // identities point into it
    Identifier& operator=(const Identifier&) = delete;

    [[nodiscard]] Identity identify(const Credentials& credentials) const;
    [[nodiscard]] Identity assume(const IpAddress& source, std::string_view key_name) const;
    // The keys and certificates that identities point to.
    [[nodiscard]] const ClientsConfig& clients() const { return clients_; }

    [[nodiscard]] bool is_trusted(const IpAddress& address) const;

private:
    struct ConstantTimeEqual {
        bool operator()(const Sha256& a, const Sha256& b) const { return equal_in_constant_time(a, b); }
    };

    // A key's holder, whose two client hashes follow from the key alone.
    struct Holder {
        const ApiKey* key = nullptr;
        ClientKey client = 0;
        ClientKey cohort_key = 0;
    };

    [[nodiscard]] IpAddress source_of(IpAddress peer, std::string_view forwarded_for) const;
    [[nodiscard]] const Holder* known(std::string_view api_key) const;
    [[nodiscard]] const Certificate* certified(std::string_view subject, std::string_view issuer) const;
    [[nodiscard]] Identity name(const IpAddress& source, const Holder* holder) const;

    ClientsConfig clients_;
    std::vector<Holder> holders_;  // in the order of the keys
    std::unordered_map<Sha256, const Holder*, Sha256Hash, ConstantTimeEqual> by_digest_;
    SipKey salt_;
    SipKey cohort_salt_;  // for cohorts: made from the policy's secrets, so that a cohort cannot be chosen from outside
};

// The address that stands for a client known by address alone: itself for IPv4, its /64 for IPv6, which is the least
// that one subscriber holds (RFC 6177).
[[nodiscard]] IpAddress client_address(const IpAddress& address);

// One entry of X-Forwarded-For: an address, bare, as `[v6]`, or with a port (`v4:port`, `[v6]:port`); surrounding
// spaces are ignored.
[[nodiscard]] std::optional<IpAddress> parse_forwarded(std::string_view entry);

}  // namespace weir::admission

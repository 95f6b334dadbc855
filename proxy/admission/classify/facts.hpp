#pragma once
// What a request is classified by, and whom it turns out to be from.

#include <cstdint>
#include <string_view>

#include "admission/config.hpp"
#include "admission/place.hpp"
#include "base/ip.hpp"

namespace weir::admission {

// What the request shows of itself. Views live only as long as the call.
struct Credentials {
    IpAddress peer;                  // the socket's other end
    std::string_view forwarded_for;  // X-Forwarded-For as it came, all fields joined by ','; may be empty
    std::string_view api_key;        // as presented, without "Bearer "; may be empty
    bool ambiguous_key = false;      // two different keys were shown: neither counts
    std::string_view subject{};      // of a verified client certificate; may be empty
    std::string_view issuer{};       // of the same
};

struct HeadFacts {
    std::string_view listener;
    std::string_view method;
    std::string_view path;  // without the query
    // Calls back for a header of the request by lower-case name: its value, or an empty view with null data if absent
    // or present more than once.
    std::string_view (*header)(const void* context, std::string_view name) = nullptr;
    const void* header_context = nullptr;
};

// What the body says, where it is JSON; by default there is none, and no condition on one holds.
struct BodyFacts {
    bool there = false;
    std::string_view model;
    std::string_view service_tier;
    std::uint32_t prompt_tokens = 0;  // four bytes each: a class must not shift with what has been learned
    bool stream = false;
};

// Who the caller turned out to be.
struct Identity {
    IpAddress source;                          // the address that counts: the peer, or what trusted proxies vouch for
    const ApiKey* api_key = nullptr;           // null: none, or not a known one
    const Certificate* certificate = nullptr;  // likewise
    ClientKey client = 0;      // by key when there is one, else by certificate, else by address (IPv6: its /64)
    ClientKey cohort_key = 0;  // the same, as cohort_of() takes it: alike in every process with this policy's keys
    bool via_trusted = false;  // the socket's other end is a trusted proxy
};

}  // namespace weir::admission

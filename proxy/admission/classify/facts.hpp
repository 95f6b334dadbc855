#pragma once
// What a request is classified by, and the caller it turns out to be from.

#include <cstdint>
#include <string_view>

#include "admission/config.hpp"
#include "admission/place.hpp"
#include "base/ip.hpp"

namespace weir::admission {

// What the request presents. Views live only as long as the call.
struct Credentials {
    IpAddress peer;                  // the socket's other end
    std::string_view forwarded_for;  // X-Forwarded-For as received, all fields joined by ','; may be empty
    std::string_view api_key;        // as presented, without "Bearer "; may be empty
    bool ambiguous_key = false;      // two different keys were presented: neither counts
    std::string_view subject{};      // of a verified client certificate; may be empty
    std::string_view issuer{};       // of the same certificate
};

struct HeadFacts {
    std::string_view listener;
    std::string_view method;
    std::string_view path;  // without the query
    // Looks up a header of the request by lower-case name: its value, or an empty view with null data if absent or
    // present more than once.
    std::string_view (*header)(const void* context, std::string_view name) = nullptr;
    const void* header_context = nullptr;
};

// The contents of a JSON body; by default there is no body, and no condition on it holds.
struct BodyFacts {
    bool there = false;
    std::string_view model;
    std::string_view service_tier;
    std::uint32_t prompt_tokens = 0;  // at four bytes each: a class must not shift with what has been learned
    bool stream = false;
};

// The caller, as identified.
struct Identity {
    IpAddress source;                          // the peer's address, or the one that trusted proxies vouch for
    const ApiKey* api_key = nullptr;           // null: none, or not a known one
    const Certificate* certificate = nullptr;  // null: none, or not a known one
    ClientKey client = 0;      // by key when there is one, else by certificate, else by address (IPv6: its /64)
    ClientKey cohort_key = 0;  // the same for cohort_of(): equal in every process with this policy's keys
    bool via_trusted = false;  // the socket's other end is a trusted proxy
};

}  // namespace weir::admission

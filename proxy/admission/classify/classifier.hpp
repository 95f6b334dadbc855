#pragma once
// Who is this, and which class is it? The first class in the policy's order whose every condition holds.
//
// A class can be granted only by what can be verified: the SHA-256 of an API key, or a network. A plain header never
// raises a standing by itself; `weir check` refuses policies in which it could. What the body says is the caller's word
// as well, and held to the same rule.
//
// Immutable after construction: threads share it without a lock.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/config.hpp"
#include "admission/place.hpp"

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

// Classes that a request's head leaves possible and whose conditions on its body are still to be held against it.
class OpenClasses {
public:
    [[nodiscard]] bool empty() const { return entries_.empty(); }

private:
    friend class Classifier;
    struct Entry {
        std::uint32_t at = 0;     // in the policy's order
        bool excludable = false;  // its `not:` holds as far as the head goes
    };
    std::vector<Entry> entries_;
    ClassId otherwise_ = kNoClass;  // the first class that the head alone decides
};

// Who the caller turned out to be.
struct Identity {
    IpAddress source;                          // the address that counts: the peer, or what trusted proxies vouch for
    const ApiKey* api_key = nullptr;           // null: none, or not a known one
    const Certificate* certificate = nullptr;  // likewise
    ClientKey client = 0;      // by key when there is one, else by certificate, else by address (IPv6: its /64)
    ClientKey dealt_as = 0;    // the same, as cohort_of() takes it: alike in every process with this policy's keys
    bool via_trusted = false;  // the socket's other end is a trusted proxy
};

class Classifier {
public:
    // `classes` in the policy's order with their ids; copies what it needs. `salt` keys the client hash.
    Classifier(const ClientsConfig& clients, std::span<const JudgeClass> classes, std::uint64_t salt);
    ~Classifier();
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;

    // X-Forwarded-For is walked from the right for as long as the address to the right of it is a trusted proxy.
    [[nodiscard]] Identity identify(const Credentials& credentials) const;

    // Whether it may say on whose behalf it calls.
    [[nodiscard]] bool trusts(const IpAddress& address) const;

    // Somebody at `source` who has shown the key of that name; an unknown or empty name is nobody's. For a policy's own
    // tests, which know names of keys and never keys.
    [[nodiscard]] Identity assume(const IpAddress& source, std::string_view key_name) const;

    // kNoClass only when no class matches, which a checked policy rules out. Where a class that depends on the body
    // comes first, `open` is filled, and the answer is what the request gets if it turns out to have none.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, OpenClasses& open) const;
    // The class after all. REQUIRES: `open` was filled by this classifier.
    [[nodiscard]] ClassId resolve(const OpenClasses& open, const BodyFacts& body) const;
    // The class where what the body says cannot be known: of all that it may still lead to, the one of the worst
    // priority; of several the first. REQUIRES: as above.
    [[nodiscard]] ClassId worst(const OpenClasses& open) const;
    // Both at once.
    [[nodiscard]] ClassId classify(const Identity& identity, const HeadFacts& head, const BodyFacts& body = {}) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::admission

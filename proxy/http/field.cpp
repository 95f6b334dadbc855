#include "http/field.hpp"

#include <algorithm>
#include <cstring>

#include "base/ascii.hpp"

namespace weir::http {
namespace {

constexpr std::size_t kLongestKnown = 32;

struct Known {
    std::string_view name;
    FieldId id;
};

// Sorted by length, so that a name is compared only with the few of its length.
constexpr auto kKnown = std::to_array<Known>({
    {"te", FieldId::te},
    {"via", FieldId::via},
    {"date", FieldId::date},
    {"host", FieldId::host},
    {"expect", FieldId::expect},
    {"api-key", FieldId::api_key},
    {"trailer", FieldId::hop_by_hop},
    {"upgrade", FieldId::upgrade},
    {"forwarded", FieldId::identity},
    {"x-api-key", FieldId::api_key},
    {"x-real-ip", FieldId::identity},
    {"connection", FieldId::connection},
    {"keep-alive", FieldId::hop_by_hop},
    {"traceparent", FieldId::traceparent},
    {"content-type", FieldId::content_type},
    {"max-forwards", FieldId::max_forwards},
    {"x-request-id", FieldId::request_id},
    {"authorization", FieldId::authorization},
    {"content-length", FieldId::content_length},
    {"http2-settings", FieldId::hop_by_hop},
    {"idempotency-key", FieldId::idempotency_key},
    {"x-forwarded-for", FieldId::forwarded_for},
    {"proxy-connection", FieldId::hop_by_hop},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"proxy-authenticate", FieldId::hop_by_hop},
    {"proxy-authorization", FieldId::hop_by_hop},
    {"x-stainless-retry-count", FieldId::retry_count},
    {"x-stainless-read-timeout", FieldId::read_timeout},
});
static_assert(std::is_sorted(kKnown.begin(), kKnown.end(),
                             [](const Known& a, const Known& b) { return a.name.size() < b.name.size(); }));

// Where the names of each length begin in kKnown, plus an entry for the end.
constexpr auto kByLength = [] {
    std::array<std::uint8_t, kLongestKnown + 2> first{};
    for (std::size_t length = 0; length < first.size(); ++length) {
        while (first[length] < kKnown.size() && kKnown[first[length]].name.size() < length) ++first[length];
    }
    return first;
}();

// Whether a token is a spelling of `known`, which is in lower case and of the same length. Two token characters that
// differ only in 0x20 are the two cases of a letter, or `^` and `~`, which occur in no known name. Compares eight at a
// time.
bool is_spelling_of(std::string_view known, std::string_view token) {
    constexpr std::uint64_t kCaseless = 0xDFDFDFDFDFDFDFDFULL;
    std::size_t i = 0;
    for (; i + 8 <= known.size(); i += 8) {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::memcpy(&a, known.data() + i, sizeof a);
        std::memcpy(&b, token.data() + i, sizeof b);
        if (((a ^ b) & kCaseless) != 0) return false;
    }
    for (; i < known.size(); ++i) {
        if (((known[i] ^ token[i]) & 0xDF) != 0) return false;
    }
    return true;
}

// Backends that follow CGI read `_` as `-`.
constexpr char plain(char c) { return c == '_' ? '-' : lower(c); }

constexpr bool begins_like(std::string_view name, std::string_view prefix) {
    if (name.size() < prefix.size()) return false;
    return std::equal(prefix.begin(), prefix.end(), name.begin(),
                      [](char wanted, char c) { return wanted == plain(c); });
}

// Names that matter in any spelling, or as a prefix.
struct Family {
    std::string_view name;
    FieldId id = FieldId::claim;
    bool whole = false;
};

constexpr std::size_t kTelling = 3;   // the character compared first; every family name is longer
constexpr std::size_t kBuckets = 53;  // the last bucket: names that begin no family

// By the first letter, or the one after `x-`: this and one more character rule out most names.
constexpr std::size_t bucket_of(std::string_view name) {
    if (name.empty()) return kBuckets - 1;
    const bool extended = name.size() > 2 && lower(name[0]) == 'x' && (name[1] == '-' || name[1] == '_');
    const char letter = lower(extended ? name[2] : name[0]);
    if (letter < 'a' || letter > 'z') return kBuckets - 1;
    return static_cast<std::size_t>(letter - 'a') + (extended ? 26 : 0);
}

// Sorted by bucket.
constexpr auto kFamilies = std::to_array<Family>({
    {"cf-connecting-ip"},
    {"cf-pseudo-ipv4", FieldId::claim, true},
    {"client-cert"},  // RFC 9440
    {"client-ip", FieldId::claim, true},
    // Spelled with `_` here, as it would be a known name otherwise: it frames nothing here, and must frame nothing at
    // the backend.
    {"content-length", FieldId::hop_by_hop, true},
    {"fastly-client-ip", FieldId::claim, true},
    {"fly-client-ip", FieldId::claim, true},
    {"proxy", FieldId::claim, true},  // HTTP_PROXY to a CGI program (CVE-2016-5385 and similar)
    {"ssl-client-"},
    {"transfer-encoding", FieldId::hop_by_hop, true},
    {"true-client-ip", FieldId::claim, true},
    {"x-appengine-user-ip", FieldId::claim, true},
    {"x-arr-"},
    {"x-azure-clientip", FieldId::claim, true},
    {"x-azure-socketip", FieldId::claim, true},
    {"x-client-cert"},
    {"x-client-dn", FieldId::claim, true},
    {"x-client-ip", FieldId::claim, true},
    {"x-client-verify", FieldId::claim, true},
    {"x-cluster-client-ip", FieldId::claim, true},
    {"x-data-parallel-", FieldId::engine_hint},
    {"x-dynamo-", FieldId::engine_hint},
    {"x-envoy-external-address", FieldId::claim, true},
    {"x-envoy-original-"},
    {"x-forwarded", FieldId::identity},
    {"x-gateway-", FieldId::engine_hint},
    {"x-host", FieldId::claim, true},
    {"x-http-host-override", FieldId::claim, true},
    {"x-http-method"},  // and -override: the method that Weir has checked must stay the method
    {"x-llm-d-", FieldId::engine_hint},
    {"x-method-override", FieldId::claim, true},
    {"x-original-"},
    {"x-originating-ip", FieldId::claim, true},
    {"x-prefiller-", FieldId::engine_hint},
    {"x-real-ip", FieldId::identity, true},
    {"x-remote-addr", FieldId::claim, true},
    {"x-remote-ip", FieldId::claim, true},
    {"x-rewrite-"},
    {"x-smg-", FieldId::engine_hint},
    {"x-ssl-c"},  // client, cert
    {"x-tls-client-"},
    {"x-weir-", FieldId::identity},
});
static_assert(std::is_sorted(kFamilies.begin(), kFamilies.end(),
                             [](const Family& a, const Family& b) { return bucket_of(a.name) < bucket_of(b.name); }));

// Where each bucket begins in kFamilies, plus an entry for the end.
constexpr auto kByBucket = [] {
    std::array<std::uint8_t, kBuckets + 1> first{};
    for (std::size_t bucket = 0; bucket < first.size(); ++bucket) {
        while (first[bucket] < kFamilies.size() && bucket_of(kFamilies[first[bucket]].name) < bucket) ++first[bucket];
    }
    return first;
}();

}  // namespace

FieldId identify(std::string_view name) {
    if (name.size() <= kLongestKnown) {
        for (std::size_t i = kByLength[name.size()]; i < kByLength[name.size() + 1]; ++i) {
            if (is_spelling_of(kKnown[i].name, name)) return kKnown[i].id;
        }
    }
    if (name.size() <= kTelling) return FieldId::other;
    const std::size_t bucket = bucket_of(name);
    const char telling = plain(name[kTelling]);
    for (std::size_t i = kByBucket[bucket]; i < kByBucket[bucket + 1]; ++i) {
        const Family& family = kFamilies[i];
        if (family.name[kTelling] != telling) continue;
        if (begins_like(name, family.name) && (!family.whole || name.size() == family.name.size())) return family.id;
    }
    return FieldId::other;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    // Most equal names are spelled the same.
    return a.size() == b.size() && (a == b || weir::equals_ignoring_case(a, b));
}

const Field* FieldTable::find_present(FieldId id) const {
    return std::find_if(begin(), end(), [id](const Field& field) { return field.id == id; });
}

const Field* FieldTable::find_single(std::string_view name) const {
    const Field* found = nullptr;
    for (const Field& field : *this) {
        if (!equals_ignoring_case(field.name, name)) continue;
        if (found != nullptr) return nullptr;
        found = &field;
    }
    return found;
}

bool is_encoded(const FieldTable& fields) {
    return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
        return equals_ignoring_case(field.name, "content-encoding") && !equals_ignoring_case(field.value, "identity");
    });
}

}  // namespace weir::http

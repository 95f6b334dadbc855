#include "http/field.hpp"

#include <algorithm>

namespace weir::http {
namespace {

constexpr std::size_t kLongestKnown = 32;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

struct Known {
    std::string_view name;
    FieldId id;
};

// Sorted by length, so that a name is compared with the few that could be it.
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

// Where the names of each length begin in kKnown; one more entry for the end.
constexpr auto kByLength = [] {
    std::array<std::uint8_t, kLongestKnown + 2> first{};
    for (std::size_t length = 0; length < first.size(); ++length) {
        while (first[length] < kKnown.size() && kKnown[first[length]].name.size() < length) ++first[length];
    }
    return first;
}();

bool is_identity_family(std::string_view name) {
    return name.starts_with("x-forwarded") || name.starts_with("x-weir-") || name == "forwarded" || name == "x-real-ip";
}

bool is_framing(std::string_view name) { return name == "content-length" || name == "transfer-encoding"; }

}  // namespace

FieldId identify(std::string_view name) {
    // Most names are none of ours: too long or short for every known one, and not of the identity family either.
    const char first = name.empty() ? '\0' : lower(name.front());
    const bool has_length = name.size() <= kLongestKnown && kByLength[name.size()] != kByLength[name.size() + 1];
    if (!has_length && first != 'x' && first != 'f') return FieldId::other;
    std::array<char, kLongestKnown> folded;
    const std::size_t length = std::min(name.size(), folded.size());
    bool underscore = false;
    for (std::size_t i = 0; i < length; ++i) {
        underscore |= name[i] == '_';
        folded[i] = name[i] == '_' ? '-' : lower(name[i]);
    }
    const std::string_view text(folded.data(), length);
    if (!underscore && name.size() <= kLongestKnown) {
        for (std::size_t i = kByLength[length]; i < kByLength[length + 1]; ++i) {
            if (kKnown[i].name == text) return kKnown[i].id;
        }
    }
    if ((text.starts_with("x-") || underscore) && is_identity_family(text)) return FieldId::identity;
    // It frames nothing here, and must not frame anything there.
    if (underscore && is_framing(text)) return FieldId::hop_by_hop;
    return FieldId::other;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view value) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
    return value;
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

}  // namespace weir::http

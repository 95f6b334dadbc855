#include "policy/checks/cover.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir::policy {
namespace {

using admission::ApiKey;
using admission::Certificate;
using admission::ClientsConfig;
using admission::MatchConfig;

template <typename T, typename Covers>
bool each_is_covered(const std::vector<T>& narrow, const std::vector<T>& wide, Covers covers_one) {
    return std::all_of(narrow.begin(), narrow.end(), [&](const T& n) {
        return std::any_of(wide.begin(), wide.end(), [&](const T& w) { return covers_one(w, n); });
    });
}

// An absent condition covers everything, and is covered by nothing but an absent one.
template <typename T, typename Covers>
bool list_covers(const std::vector<T>& wide, const std::vector<T>& narrow, Covers covers_one) {
    return wide.empty() || (!narrow.empty() && each_is_covered(narrow, wide, covers_one));
}

bool equal(std::string_view a, std::string_view b) { return a == b; }

bool network_covers(const IpNetwork& wide, const IpNetwork& narrow) {
    return wide.bits <= narrow.bits && wide.contains(narrow.base);
}

bool pattern_covers(std::string_view wide, std::string_view narrow) {
    if (!wide.ends_with('*')) return wide == narrow;
    if (narrow.ends_with('*')) narrow.remove_suffix(1);
    return narrow.starts_with(wide.substr(0, wide.size() - 1));
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// Whether a caller can satisfy the condition on plans by a certificate, whatever key it presents.
bool has_certified_plan(const MatchConfig& match, const ClientsConfig& clients) {
    return std::any_of(clients.certificates.begin(), clients.certificates.end(),
                       [&](const Certificate& one) { return contains(match.plans, one.plan); });
}

// The names of the keys that satisfy the conditions on keys and plans; for `narrow`, all that may.
std::vector<std::string> admitted_keys(const MatchConfig& match, const ClientsConfig& clients, bool is_narrow) {
    const bool any_plan = match.plans.empty() || (is_narrow && has_certified_plan(match, clients));
    std::vector<std::string> names;
    for (const ApiKey& key : clients.api_keys) {
        const bool by_name = match.api_keys.empty() || contains(match.api_keys, key.name);
        if (by_name && (any_plan || contains(match.plans, key.plan))) names.push_back(key.name);
    }
    return names;
}

bool keys_cover(const MatchConfig& wide, const MatchConfig& narrow, const ClientsConfig& clients) {
    if (wide.api_keys.empty() && wide.plans.empty()) return true;
    if (narrow.api_keys.empty() && narrow.plans.empty()) return false;
    // A caller that has the plan by a certificate presents no key: only the same condition covers that.
    if (narrow.api_keys.empty() && has_certified_plan(narrow, clients)) {
        return wide.api_keys.empty() && each_is_covered(narrow.plans, wide.plans, equal);
    }
    const auto needed = admitted_keys(narrow, clients, true);
    // A class without any key is wrong for another reason, which is reported separately.
    return !needed.empty() && each_is_covered(needed, admitted_keys(wide, clients, false), equal);
}

bool headers_cover(const MatchConfig& wide, const MatchConfig& narrow) {
    return std::all_of(wide.headers.begin(), wide.headers.end(), [&](const auto& header) {
        return std::find(narrow.headers.begin(), narrow.headers.end(), header) != narrow.headers.end();
    });
}

bool body_covers(const MatchConfig& wide, const MatchConfig& narrow) {
    const bool stream = !wide.stream || wide.stream == narrow.stream;
    const auto range_covers = [](const admission::TokenRange& all, const admission::TokenRange& some) {
        return all.min <= some.min && (!all.max || (some.max && *some.max <= *all.max));
    };
    const bool prompt = !wide.prompt || (narrow.prompt && range_covers(*wide.prompt, *narrow.prompt));
    return stream && prompt && list_covers(wide.models, narrow.models, pattern_covers) &&
           list_covers(wide.service_tiers, narrow.service_tiers, equal);
}

// What `wide` leaves out must be left out by `narrow` too.
bool exclusions_cover(const MatchConfig& wide, const MatchConfig& narrow, const ClientsConfig& clients) {
    return std::all_of(wide.none_of.begin(), wide.none_of.end(), [&](const MatchConfig& excluded) {
        return std::any_of(narrow.none_of.begin(), narrow.none_of.end(),
                           [&](const MatchConfig& other) { return covers(other, excluded, clients); });
    });
}

bool is_everything(const IpNetwork& network) {
    constexpr int kAllOfIpv4 = 96;
    return network.bits == 0 || (network.base.is_v4() && network.bits == kAllOfIpv4);
}

}  // namespace

bool covers(const MatchConfig& wide, const MatchConfig& narrow, const ClientsConfig& clients) {
    return keys_cover(wide, narrow, clients) && list_covers(wide.certificates, narrow.certificates, equal) &&
           list_covers(wide.sources, narrow.sources, network_covers) &&
           list_covers(wide.listeners, narrow.listeners, equal) &&
           list_covers(wide.paths, narrow.paths, pattern_covers) && list_covers(wide.methods, narrow.methods, equal) &&
           headers_cover(wide, narrow) && body_covers(wide, narrow) && exclusions_cover(wide, narrow, clients);
}

bool may_overlap(const MatchConfig& a, const MatchConfig& b) {
    const auto overlap = [](const auto& left, const auto& right, auto covers_one) {
        if (left.empty() || right.empty()) return true;
        return std::any_of(left.begin(), left.end(), [&](const auto& l) {
            return std::any_of(right.begin(), right.end(),
                               [&](const auto& r) { return covers_one(l, r) || covers_one(r, l); });
        });
    };
    return overlap(a.listeners, b.listeners, equal) && overlap(a.paths, b.paths, pattern_covers) &&
           overlap(a.methods, b.methods, equal);
}

bool trusts_body(const MatchConfig& match) {
    return !match.models.empty() || !match.service_tiers.empty() || match.stream.has_value() ||
           std::any_of(match.none_of.begin(), match.none_of.end(), trusts_body);
}

MatchConfig without_claims(MatchConfig match) {
    match.headers.clear();
    match.models.clear();
    match.service_tiers.clear();
    match.stream.reset();
    std::erase_if(match.none_of, trusts_body);
    return match;
}

bool needs_proof(const MatchConfig& match) {
    if (!match.api_keys.empty() || !match.certificates.empty() || !match.plans.empty()) return true;
    return !match.sources.empty() && std::none_of(match.sources.begin(), match.sources.end(), is_everything);
}

}  // namespace weir::policy

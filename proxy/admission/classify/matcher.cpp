#include "admission/classify/matcher.hpp"

#include <algorithm>
#include <functional>

namespace weir::admission {
namespace {

bool is_one_of(std::string_view value, const std::vector<std::string>& values) {
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool path_matches(std::string_view path, std::string_view pattern) {
    if (!pattern.ends_with('*')) return path == pattern;
    return path.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool has_header(const RequestFacts& facts, std::string_view name, std::string_view value) {
    if (facts.header == nullptr) return false;
    const std::string_view found = facts.header(facts.header_context, name);
    return found.data() != nullptr && found == value;
}

}  // namespace

Matcher::Matcher(const MatchConfig& config, std::span<const ApiKey> api_keys)
    : config_(config),
      api_keys_(keys_with(config.api_keys, api_keys, &ApiKey::name)),
      plans_(keys_with(config.plans, api_keys, &ApiKey::plan)) {
    for (const MatchConfig& excluded : config.none_of) none_of_.emplace_back(excluded, api_keys);
    config_.none_of.clear();
}

Matcher::KeyList Matcher::keys_with(const std::vector<std::string>& names, std::span<const ApiKey> api_keys,
                                    std::string ApiKey::*field) {
    KeyList list{names.empty(), {}};
    for (const ApiKey& key : api_keys) {
        if (!names.empty() && is_one_of(key.*field, names)) list.keys.push_back(&key);
    }
    return list;  // in the order of their addresses already
}

bool Matcher::KeyList::allows(const ApiKey* key) const {
    return any || (key != nullptr && std::binary_search(keys.begin(), keys.end(), key, std::less<>()));
}

bool Matcher::matches(const Identity& identity, const RequestFacts& facts) const {
    if (!caller_matches(identity) || !request_matches(facts)) return false;
    return std::none_of(none_of_.begin(), none_of_.end(),
                        [&](const Matcher& excluded) { return excluded.matches(identity, facts); });
}

bool Matcher::caller_matches(const Identity& identity) const {
    if (!api_keys_.allows(identity.api_key) || !plans_.allows(identity.api_key)) return false;
    return config_.sources.empty() ||
           std::any_of(config_.sources.begin(), config_.sources.end(),
                       [&](const IpNetwork& network) { return network.contains(identity.source); });
}

bool Matcher::request_matches(const RequestFacts& facts) const {
    if (!is_one_of(facts.listener, config_.listeners) || !is_one_of(facts.method, config_.methods)) return false;
    const bool on_path = config_.paths.empty() ||
                         std::any_of(config_.paths.begin(), config_.paths.end(),
                                     [&](const std::string& pattern) { return path_matches(facts.path, pattern); });
    return on_path && std::all_of(config_.headers.begin(), config_.headers.end(),
                                  [&](const auto& header) { return has_header(facts, header.first, header.second); });
}

}  // namespace weir::admission

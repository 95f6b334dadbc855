#include "admission/classify/matcher.hpp"

#include <algorithm>
#include <functional>

namespace weir::admission {
namespace {

bool is_one_of(std::string_view value, const std::vector<std::string>& values) {
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

bool is_like(std::string_view text, std::string_view pattern) {
    if (!pattern.ends_with('*')) return text == pattern;
    return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_like_one_of(std::string_view text, const std::vector<std::string>& patterns) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [text](const std::string& pattern) { return is_like(text, pattern); });
}

bool asks_body(const MatchConfig& config) {
    return !config.models.empty() || !config.service_tiers.empty() || config.stream || config.prompt;
}

bool has_header(const HeadFacts& facts, std::string_view name, std::string_view value) {
    if (facts.header == nullptr) return false;
    const std::string_view found = facts.header(facts.header_context, name);
    return found.data() != nullptr && found == value;
}

}  // namespace

Matcher::Matcher(const MatchConfig& config, const ClientsConfig& clients)
    : config_(config),
      asks_body_(asks_body(config)),
      api_keys_(named(config.api_keys, clients.api_keys, &ApiKey::name)),
      plans_(named(config.plans, clients.api_keys, &ApiKey::plan)),
      certificates_(named(config.certificates, clients.certificates, &Certificate::name)),
      certificate_plans_(named(config.plans, clients.certificates, &Certificate::plan)) {
    for (const MatchConfig& excluded : config.none_of) none_of_.emplace_back(excluded, clients);
    config_.none_of.clear();
}

template <typename Proof>
Matcher::Allowed<Proof> Matcher::named(const std::vector<std::string>& names, const std::vector<Proof>& proofs,
                                       std::string Proof::*field) {
    Allowed<Proof> allowed{names.empty(), {}};
    for (const Proof& proof : proofs) {
        if (!names.empty() && is_one_of(proof.*field, names)) allowed.proofs.push_back(&proof);
    }
    return allowed;  // in the order of their addresses already
}

template <typename Proof>
bool Matcher::Allowed<Proof>::allows(const Proof* proof) const {
    return any || (proof != nullptr && std::binary_search(proofs.begin(), proofs.end(), proof, std::less<>()));
}

HeadFit Matcher::fit_head(const Identity& identity, const HeadFacts& head) const {
    if (!caller_matches(identity) || !request_matches(head)) return HeadFit::no;
    HeadFit fit = asks_body_ ? HeadFit::body : HeadFit::all;
    for (const Matcher& excluded : none_of_) {
        const HeadFit other = excluded.fit_head(identity, head);
        if (other == HeadFit::all) return HeadFit::no;
        if (other != HeadFit::no) fit = HeadFit::unless_body;
    }
    return fit;
}

bool Matcher::fits_body(const BodyFacts& body, bool excludable) const {
    if (asks_body_ && !body_matches(body)) return false;
    return !excludable || std::none_of(none_of_.begin(), none_of_.end(),
                                       [&](const Matcher& excluded) { return excluded.body_matches(body); });
}

bool Matcher::body_matches(const BodyFacts& body) const {
    if (!body.there) return false;
    if (!is_like_one_of(body.model, config_.models) || !is_one_of(body.service_tier, config_.service_tiers))
        return false;
    if (config_.stream && *config_.stream != body.stream) return false;
    return !config_.prompt || (body.prompt_tokens >= config_.prompt->min &&
                               body.prompt_tokens <= config_.prompt->max.value_or(body.prompt_tokens));
}

bool Matcher::caller_matches(const Identity& identity) const {
    if (!api_keys_.allows(identity.api_key) || !certificates_.allows(identity.certificate)) return false;
    if (!plans_.allows(identity.api_key) && !certificate_plans_.allows(identity.certificate)) return false;
    return config_.sources.empty() || contains_any(config_.sources, identity.source);
}

bool Matcher::request_matches(const HeadFacts& facts) const {
    if (!is_one_of(facts.listener, config_.listeners) || !is_one_of(facts.method, config_.methods)) return false;
    return is_like_one_of(facts.path, config_.paths) &&
           std::all_of(config_.headers.begin(), config_.headers.end(),
                       [&](const auto& header) { return has_header(facts, header.first, header.second); });
}

}  // namespace weir::admission

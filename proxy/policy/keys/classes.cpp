// The keys of a class, its limits among them.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using admission::ClassConfig;
using admission::LimitConfig;
using admission::MatchConfig;
using admission::RateConfig;
using admission::RefusalConfig;
using admission::SloConfig;
using admission::TokenLimitConfig;
using admission::TokenRange;

namespace {

// What a bucket holds, and so how its keys are explained.
struct Kind {
    const Scalar<RateConfig>& form;
    std::string_view rate;
    std::string_view burst;
    double (*default_burst)(double per_second);
};

constexpr Kind kRequests{kBucket, "Requests on average.",
                         "Requests at once after a quiet time; without it, a tenth of a minute's worth, at least 1.",
                         default_burst};
constexpr Kind kUnits{kTokenBucket, "On average.", "At once after a quiet time; without it, a minute's worth.",
                      default_token_burst};

// A bucket: its shorthand, or a map, which starts with a burst of 0, as no policy can write it.
void bucket(Visitor& v, std::string_view key, std::optional<RateConfig>& c, const Kind& kind, std::string_view doc) {
    const auto keys = [&kind](Visitor& map, RateConfig& rate) {
        map.required().key("rate", rate.per_second, kRate, kind.rate);
        map.key("burst", rate.burst, kBurst, kind.burst);
        if (rate.burst <= 0) rate.burst = kind.default_burst(rate.per_second);
    };
    v.either(key, c, kind.form, MemberPart(c, keys, RateConfig{0, 0}), doc);
}

void describe_tokens(Visitor& v, TokenLimitConfig& c) {
    v.not_empty();
    bucket(v, "both", c.both, kUnits, "Of prompts and answers together.");
    bucket(v, "input", c.input, kUnits, "Of prompts.");
    bucket(v, "output", c.output, kUnits, "Of answers.");
}

// A rate alone is one of both together.
void tokens(Visitor& v, std::optional<TokenLimitConfig>& c, std::string_view doc) {
    v.either("tokens", c, kTokens, MemberPart(c, describe_tokens), doc);
}

}  // namespace

void describe(Visitor& v, LimitConfig& c) {
    bucket(v, "requests", c.requests, kRequests, "Requests started, of each client.");
    v.key("concurrency", c.concurrency, kPositive, "Requests in flight and queued together, of each client.");
    tokens(v, c.tokens, "LLM tokens, of each client.");
    bucket(v, "video", c.video, kUnits, "Seconds of video of 720x1280, of each client.");
    v.key("mode", c.mode, kMode, "`shadow` counts what these limits would refuse.");
}

void describe_limits(Visitor& v, ClassConfig& c) {
    bucket(v, "requests", c.limits.requests, kRequests, "Requests started, of the class as a whole.");
    v.key("concurrency", c.limits.concurrency, kPositive,
          "Requests in flight and queued together, of the class as a whole.");
    v.key("mode", c.limits.mode, kMode, "`shadow` counts what these limits would refuse.");
    tokens(v, c.limits.tokens, "LLM tokens, of the class as a whole.");
    bucket(v, "video", c.limits.video, kUnits, "Seconds of video, of the class as a whole.");
    v.map("per_client", c.per_client, "The same, of each client in the class.");
}

void describe(Visitor& v, TokenRange& c) {
    v.not_empty();
    v.key("min", c.min, kCount, "LLM tokens, at least; four bytes of the body count as one.");
    v.key("max", c.max, kCount, "LLM tokens, at most.");
}

void describe_conditions(Visitor& v, MatchConfig& c) {
    v.not_empty();
    v.list("api_key", c.api_keys, kName, "Names of keys; the caller showed one of them.");
    v.list("certificate", c.certificates, kName, "Names of certificates; the caller showed one of them.");
    v.list("plan", c.plans, kName, "Plans of keys and certificates; the caller showed one of one of them.");
    v.list("source", c.sources, kNetwork, "Networks; the client's address lies in one of them.");
    v.list("listener", c.listeners, kName, "Names of listeners.");
    v.list("path", c.paths, kUrlPath, "Exact paths, or prefixes when they end in `*`.");
    v.list("method", c.methods, kMethod, "HTTP methods.");
    v.pairs("header", c.headers, kHeaderName, kText,
            "Exact values by header name, all of them present. A header alone can only lower a standing.");
    v.list("model", c.models, kModel, "Models the body names, or prefixes when they end in `*`.");
    v.list("service_tier", c.service_tiers, kText, "Values of the body's `service_tier`.");
    v.key("stream", c.stream, kBool, "Whether the body asks for a stream.");
    v.map("prompt_tokens", c.prompt, "How long the body is.");
}

void describe(Visitor& v, MatchConfig& c) {
    describe_conditions(v, c);
    v.map("not", MemberPart(c.none_of, describe_conditions), "Requests that match all of this do not.");
}

void describe(Visitor& v, SloConfig& c) {
    v.required().key("first_token", c.first_token, kDuration, "When the first token should be there.");
    v.key("target", c.target, kPercent, "For this share of the requests.");
    v.key("per_token", c.per_token, kDuration, "Between two tokens of an answer, on average; for learned capacities.");
}

void describe(Visitor& v, RefusalConfig& c) {
    SamePart both([&](Visitor& advice) {
        advice.key("base", c.retry_after, kDuration, "The advice when Weir is full, before jitter.");
        advice.key("max", c.retry_after_max, kDuration, "No advice is longer; at most 50s.");
    });
    v.either("retry_after", c.retry_after, kDuration, both,
             "When to come back, half as long or as much again at random.");
    v.key("tell_no_retry", c.tell_no_retry, kBool,
          "Also send `x-should-retry: false` when Weir is full, which SDKs obey.");
}

void describe(Visitor& v, ClassConfig& c) {
    v.noun("class");
    v.required().key("name", c.name, kName, "What the log, the metrics and refusals call it.");
    v.required().either("match", c.match, kAny, MemberPart(c.match),
                        "`any`, or conditions that must all hold; of a list, one value.");
    v.required().key("backend", c.backend, kName, "Where its requests go.");
    v.key("priority", c.priority, kPriority, "Better ones are served first and shed last.");
    v.map("slo", c.slo, "What its users are promised; alerts watch classes that have one.");
    v.key("queue_timeout", c.queue_timeout, kDurationOrZero,
          "The longest wait in the queue; without it, 0.8 x slo.first_token, or 5s without an slo.");
    v.key("queue", c.queue, kCount,
          "Places in the queue; without it, an eighth of the backend's requests, at least 16.");
    v.group("limits", "What is over them is answered 429.", [&](Visitor& limits) { describe_limits(limits, c); });
    v.map("refusal", c.refusal, "What a refusal says.");
    v.key("service_tier", c.service_tier, kName,
          "What its answers say they were served as, in `x-weir-service-tier`; without it, nothing.");
    v.key("mode", c.mode, kMode, "`shadow` lets the class through and counts what it would do.");
    v.key("weight", c.weight, kPositive, "Among classes of the same priority: its part of what they have in flight.");
    v.key("guarantee", c.guarantee, kPercent, "Of what is in flight on the backend, whatever better classes want.");
    v.key("shed", c.shed, kShed,
          "Who is left out while not all can be served: always the same clients for an hour, or all of them a little.");
    v.key("preemptible", c.preemptible, kBool,
          "Its newest running answers may be cut short when a better class has waited long.");
    v.later("conversation");
    v.former("patience", "queue_timeout");
    v.former("line", "queue");
}

}  // namespace weir::policy

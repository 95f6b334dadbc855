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

// What a bucket meters, and so how its keys are documented.
struct Kind {
    const Scalar<RateConfig>& form;
    std::string_view rate;
    std::string_view burst;
    double (*default_burst)(double per_second);
};

constexpr Kind kRequests{
    kBucket, "The average rate of requests.",
    "The most requests at once after a quiet time; without it, a tenth of a minute's worth, at least 1.",
    default_burst};
constexpr Kind kUnits{kTokenBucket, "The average rate.",
                      "The most at once after a quiet time; without it, a minute's worth.", default_token_burst};

// A bucket: its shorthand, or a map. The map starts with a burst of 0, a value that no policy can write, to detect that
// none was written.
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
    bucket(v, "both", c.both, kUnits, "Prompts and answers together.");
    bucket(v, "input", c.input, kUnits, "Prompts.");
    bucket(v, "output", c.output, kUnits, "Answers.");
}

// A rate alone limits prompts and answers together.
void tokens(Visitor& v, std::optional<TokenLimitConfig>& c, std::string_view doc) {
    v.either("tokens", c, kTokens, MemberPart(c, describe_tokens), doc);
}

}  // namespace

void describe(Visitor& v, LimitConfig& c) {
    bucket(v, "requests", c.requests, kRequests, "Requests started by each client.");
    v.key("concurrency", c.concurrency, kPositive, "Requests in flight and queued together, for each client.");
    tokens(v, c.tokens, "LLM tokens, for each client.");
    bucket(v, "video", c.video, kUnits, "Seconds of 720x1280 video, for each client.");
    v.key("mode", c.mode, kMode, "`shadow` only counts what these limits would refuse.");
}

void describe_limits(Visitor& v, ClassConfig& c) {
    bucket(v, "requests", c.limits.requests, kRequests, "Requests started, for the class as a whole.");
    v.key("concurrency", c.limits.concurrency, kPositive,
          "Requests in flight and queued together, for the class as a whole.");
    v.key("mode", c.limits.mode, kMode, "`shadow` only counts what these limits would refuse.");
    tokens(v, c.limits.tokens, "LLM tokens, for the class as a whole.");
    bucket(v, "video", c.limits.video, kUnits, "Seconds of 720x1280 video, for the class as a whole.");
    v.map("per_client", c.per_client, "The same limits for each client in the class.");
}

void describe(Visitor& v, TokenRange& c) {
    v.not_empty();
    v.key("min", c.min, kCount, "The fewest LLM tokens; four bytes of the body count as one.");
    v.key("max", c.max, kCount, "The most LLM tokens.");
}

void describe_conditions(Visitor& v, MatchConfig& c) {
    v.not_empty();
    v.list("api_key", c.api_keys, kName, "Names of keys; the caller presented one of them.");
    v.list("certificate", c.certificates, kName, "Names of certificates; the caller presented one of them.");
    v.list("plan", c.plans, kName, "Plans; the caller presented a key or certificate of one of them.");
    v.list("source", c.sources, kNetwork, "Networks; the client's address is in one of them.");
    v.list("listener", c.listeners, kName, "Names of listeners.");
    v.list("path", c.paths, kUrlPath, "Exact paths, or prefixes when they end in `*`.");
    v.list("method", c.methods, kMethod, "HTTP methods.");
    v.pairs("header", c.headers, kHeaderName, kText,
            "Exact values by header name, all of them present. A header alone can only lower a request's priority.");
    v.list("model", c.models, kModel, "Models named in the body, or prefixes when they end in `*`.");
    v.list("service_tier", c.service_tiers, kText, "Values of the body's `service_tier`.");
    v.key("stream", c.stream, kBool, "Whether the body asks for a stream.");
    v.map("prompt_tokens", c.prompt, "The length of the body.");
}

void describe(Visitor& v, MatchConfig& c) {
    describe_conditions(v, c);
    v.map("not", MemberPart(c.none_of, describe_conditions), "Requests that match all of this do not match the class.");
}

void describe(Visitor& v, SloConfig& c) {
    v.required().key("first_token", c.first_token, kDuration, "The time within which the first token should arrive.");
    v.key("target", c.target, kPercent, "The share of requests that must meet it.");
    v.key("per_token", c.per_token, kDuration,
          "The average time between two tokens of an answer; used by learned capacities.");
}

void describe(Visitor& v, RefusalConfig& c) {
    SamePart both([&](Visitor& advice) {
        advice.key("base", c.retry_after, kDuration, "The advice when Weir is full, before jitter.");
        advice.key("max", c.retry_after_max, kDuration, "The longest advice; at most 50s.");
    });
    v.either("retry_after", c.retry_after, kDuration, both, "When to retry, randomly up to half shorter or longer.");
    v.key("tell_no_retry", c.tell_no_retry, kBool,
          "Also send `x-should-retry: false` when Weir is full, which SDKs obey.");
}

void describe(Visitor& v, ClassConfig& c) {
    v.noun("class");
    v.required().key("name", c.name, kName, "The name used in the log, the metrics and refusals.");
    v.required().either("match", c.match, kAny, MemberPart(c.match),
                        "`any`, or conditions that must all hold; of a list, one value is enough.");
    v.required().key("backend", c.backend, kName, "The backend that its requests go to.");
    v.key("priority", c.priority, kPriority, "Better priorities are served first and shed last.");
    v.map("slo", c.slo, "The objective for its users; alerts watch classes that have one.");
    v.key("queue_timeout", c.queue_timeout, kDurationOrZero,
          "The longest wait in the queue; without it, 0.8 x slo.first_token, or 5s without an slo.");
    v.key("queue", c.queue, kCount,
          "Places in the queue; without it, an eighth of the backend's requests, at least 16.");
    v.group("limits", "Requests over these are answered 429.", [&](Visitor& limits) { describe_limits(limits, c); });
    v.map("refusal", c.refusal, "What refusals advise callers to do.");
    v.key("service_tier", c.service_tier, kName,
          "The tier that its answers report in `x-weir-service-tier`; without it, none.");
    v.key("mode", c.mode, kMode, "`shadow` lets the class through and counts what would have happened.");
    v.key("weight", c.weight, kPositive, "Among classes of the same priority: its share of what they have in flight.");
    v.key("guarantee", c.guarantee, kPercent,
          "Its share of what is in flight on the backend, whatever better classes want.");
    v.key("when_down", c.when_down, kWhenDown,
          "What requests do while no endpoint is available: wait in the queue, or fail at once.");
    v.key("shed", c.shed, kShed,
          "Which requests are shed while not all can be served: all those of some clients, the same for an hour, or "
          "some of every client.");
    v.key("preemptible", c.preemptible, kBool,
          "Its newest running answers may be ended early when a better class has waited long.");
    v.later("conversation");
    v.former("patience", "queue_timeout");
    v.former("line", "queue");
}

}  // namespace weir::policy

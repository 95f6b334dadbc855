// The rows of the clients, the classes and the policy's own tests.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {
namespace {

using admission::ApiKey;
using admission::Certificate;
using admission::ClassConfig;
using admission::ClientsConfig;
using admission::LimitConfig;
using admission::MatchConfig;
using admission::RateConfig;
using admission::RefusalConfig;
using admission::SloConfig;
using admission::TokenLimitConfig;
using admission::TokenRange;

constexpr std::array kApiKeyFields{
    required(scalar<kName, &ApiKey::name>("name", "", "What `match.api_key` and the log call it.")),
    scalar<kName, &ApiKey::plan>("plan", "", "What `match.plan` calls it and others like it."),
    required(secret(scalar<kSha256, &ApiKey::digest>("sha256", "", "Of the key; the key itself is never stored."))),
};
constexpr Shape kApiKeyShape = shape<ApiKey>("api key", kApiKeyFields);

constexpr std::array kCertificateFields{
    required(scalar<kName, &Certificate::name>("name", "", "What `match.certificate` and the log call it.")),
    scalar<kName, &Certificate::plan>("plan", "", "What `match.plan` calls it and others like it."),
    required(scalar<kText, &Certificate::subject>(
        "subject", "", "Of the client's certificate, as RFC 2253 writes it: CN=robot,O=Example.")),
    scalar<kText, &Certificate::issuer>(
        "issuer", "", "Likewise, of the authority that signed it: where several may, and only one is meant."),
};
constexpr Shape kCertificateShape = shape<Certificate>("certificate", kCertificateFields);

// These rows fill the Policy, because the name of the file belongs to it.
constexpr std::array kClientsFields{
    scalar<kFile, &Policy::api_keys_file>("api_keys_file", "", "A YAML file with a list `keys` like `api_keys` here."),
    maps<&Policy::clients, &ClientsConfig::api_keys>("api_keys", kApiKeyShape, "Keys that callers may show."),
    maps<&Policy::clients, &ClientsConfig::certificates>(
        "certificates", kCertificateShape, "Clients that prove who they are by a certificate; see `client_ca_file`."),
    scalars<kNetwork, &Policy::clients, &ClientsConfig::trusted_proxies>("trusted_proxies",
                                                                         "Networks whose X-Forwarded-For is believed."),
};

constexpr std::array kKeysFileFields{
    required(maps<&Policy::clients, &ClientsConfig::api_keys>("keys", kApiKeyShape, "Keys that callers may show.")),
};

template <std::size_t N>
constexpr auto with(const std::array<Field, N>& fields, const Field& one_more) {
    std::array<Field, N + 1> all{};
    std::copy(fields.begin(), fields.end(), all.begin());
    all[N] = one_more;
    return all;
}

constexpr std::array kPromptFields{
    scalar<kCount, &TokenRange::min>("min", "0", "LLM tokens, at least; four bytes of the body count as one."),
    scalar<kCount, &TokenRange::max>("max", "", "LLM tokens, at most."),
};
constexpr Shape kPromptShape = [] {
    Shape prompt = shape<TokenRange>("", kPromptFields);
    prompt.not_empty = true;
    return prompt;
}();

constexpr std::array kConditionFields{
    scalars<kName, &MatchConfig::api_keys>("api_key", "Names of keys; the caller showed one of them."),
    scalars<kName, &MatchConfig::certificates>("certificate", "Names of certificates; the caller showed one of them."),
    scalars<kName, &MatchConfig::plans>("plan",
                                        "Plans of keys and certificates; the caller showed one of one of them."),
    scalars<kNetwork, &MatchConfig::sources>("source", "Networks; the client's address lies in one of them."),
    scalars<kName, &MatchConfig::listeners>("listener", "Names of listeners."),
    scalars<kUrlPath, &MatchConfig::paths>("path", "Exact paths, or prefixes when they end in `*`."),
    scalars<kMethod, &MatchConfig::methods>("method", "HTTP methods."),
    pairs<kHeaderName, kText, &MatchConfig::headers>(
        "header", "Exact values by header name, all of them present. A header alone can only lower a standing."),
    scalars<kModel, &MatchConfig::models>("model", "Models the body names, or prefixes when they end in `*`."),
    scalars<kText, &MatchConfig::service_tiers>("service_tier", "Values of the body's `service_tier`."),
    scalar<kBool, &MatchConfig::stream>("stream", "", "Whether the body asks for a stream."),
    map<&MatchConfig::prompt>("prompt_tokens", kPromptShape, "How long the body is."),
};

constexpr Shape non_empty(Shape shape) {
    shape.not_empty = true;
    return shape;
}

constexpr Shape kNotShape = non_empty(shape<MatchConfig>("", kConditionFields));
constexpr auto kMatchFields =
    with(kConditionFields, map<&MatchConfig::none_of>("not", kNotShape, "Requests that match all of this do not."));
constexpr Shape kMatchShape = non_empty(shape<MatchConfig>("", kMatchFields));

constexpr std::array kSloFields{
    required(scalar<kDuration, &SloConfig::first_token>("first_token", "", "When the first token should be there.")),
    scalar<kPercent, &SloConfig::target>("target", "99%", "For this share of the requests."),
    scalar<kDuration, &SloConfig::per_token>("per_token", "",
                                             "Between two tokens of an answer, on average; for learned capacities."),
};
constexpr Shape kSloShape = shape<SloConfig>("", kSloFields);

constexpr std::array kRateFields{
    required(scalar<kRate, &RateConfig::per_second>("rate", "", "Requests on average.")),
    scalar<kBurst, &RateConfig::burst>(
        "burst", "", "Requests at once after a quiet time; without it, a tenth of a minute's worth, at least 1."),
};

// A map starts with a burst of 0, which no policy can write.
template <double (*DefaultBurst)(double), std::size_t N>
constexpr Shape rate_shape(const std::array<Field, N>& fields) {
    Shape rate = shape<RateConfig>("", fields);
    rate.finish = [](void* self) {
        auto& config = *static_cast<RateConfig*>(self);
        if (config.burst <= 0) config.burst = DefaultBurst(config.per_second);
    };
    return rate;
}
constexpr Shape kRateShape = rate_shape<default_burst>(kRateFields);

// A bucket at one place of the structs: its shorthand, or the map.
template <auto... Members>
constexpr Field bucket(std::string_view doc) {
    Field full = map<Members...>("requests", kRateShape, doc);
    full.enter = [](void* owner) -> void* { return &detail::Path<Members...>::in(owner).emplace(RateConfig{0, 0}); };
    return either(scalar<kBucket, Members...>("requests", "", doc), full);
}

constexpr std::array kTokenRateFields{
    required(scalar<kRate, &RateConfig::per_second>("rate", "", "On average.")),
    scalar<kBurst, &RateConfig::burst>("burst", "", "At once after a quiet time; without it, a minute's worth."),
};
constexpr Shape kTokenRateShape = rate_shape<default_token_burst>(kTokenRateFields);

template <auto... Members>
constexpr Field token_bucket(std::string_view key, std::string_view doc) {
    Field full = map<Members...>(key, kTokenRateShape, doc);
    full.enter = [](void* owner) -> void* { return &detail::Path<Members...>::in(owner).emplace(RateConfig{0, 0}); };
    return either(scalar<kTokenBucket, Members...>(key, "", doc), full);
}

constexpr std::array kTokensFields{
    token_bucket<&TokenLimitConfig::both>("both", "Of prompts and answers together."),
    token_bucket<&TokenLimitConfig::input>("input", "Of prompts."),
    token_bucket<&TokenLimitConfig::output>("output", "Of answers."),
};
constexpr Shape kTokensShape = non_empty(shape<TokenLimitConfig>("", kTokensFields));

// A rate alone is one of both together.
template <auto... Members>
constexpr Field tokens(std::string_view doc) {
    Field shorthand = scalar<kTokenBucket>("tokens", "", doc);
    shorthand.set = [](void* owner, std::string_view text) -> std::optional<Fault> {
        auto reading = kTokenBucket.parse(text);
        if (!reading.value) return std::move(reading.fault);
        detail::Path<Members...>::in(owner).emplace().both = *reading.value;
        return std::nullopt;
    };
    shorthand.print = [](const void* /*owner*/) { return std::vector<std::string>{}; };  // the map is printed instead
    return either(shorthand, map<Members...>("tokens", kTokensShape, doc));
}

constexpr std::array kPerClientFields{
    bucket<&LimitConfig::requests>("Requests started, of each client."),
    scalar<kPositive, &LimitConfig::concurrency>("concurrency", "",
                                                 "Requests in flight and in line together, of each client."),
    tokens<&LimitConfig::tokens>("LLM tokens, of each client."),
    token_bucket<&LimitConfig::video>("video", "Seconds of video of 720x1280, of each client."),
    scalar<kMode, &LimitConfig::mode>("mode", "enforce", "`shadow` counts what these limits would refuse."),
};
constexpr Shape kPerClientShape = shape<LimitConfig>("", kPerClientFields);

constexpr std::array kLimitsFields{
    bucket<&ClassConfig::limits, &LimitConfig::requests>("Requests started, of the class as a whole."),
    scalar<kPositive, &ClassConfig::limits, &LimitConfig::concurrency>(
        "concurrency", "", "Requests in flight and in line together, of the class as a whole."),
    scalar<kMode, &ClassConfig::limits, &LimitConfig::mode>("mode", "enforce",
                                                            "`shadow` counts what these limits would refuse."),
    tokens<&ClassConfig::limits, &LimitConfig::tokens>("LLM tokens, of the class as a whole."),
    token_bucket<&ClassConfig::limits, &LimitConfig::video>("video", "Seconds of video, of the class as a whole."),
    map<&ClassConfig::per_client>("per_client", kPerClientShape, "The same, of each client in the class."),
};
constexpr Shape kLimitsShape = shape<ClassConfig>("", kLimitsFields);

constexpr std::array kRetryAfterFields{
    scalar<kDuration, &RefusalConfig::retry_after>("base", "5s", "The advice when Weir is full, before jitter."),
    scalar<kDuration, &RefusalConfig::retry_after_max>("max", "50s", "No advice is longer; at most 50s."),
};
constexpr Shape kRetryAfterShape = shape<RefusalConfig>("", kRetryAfterFields);

constexpr std::array kRefusalFields{
    either(scalar<kDuration, &RefusalConfig::retry_after>(
               "retry_after", "5s", "When to come back, half as long or as much again at random."),
           map<>("retry_after", kRetryAfterShape, "")),
    scalar<kBool, &RefusalConfig::tell_no_retry>(
        "tell_no_retry", "false", "Also send `x-should-retry: false` when Weir is full, which SDKs obey."),
};
constexpr Shape kRefusalShape = shape<RefusalConfig>("", kRefusalFields);

constexpr std::array kClassFields{
    required(scalar<kName, &ClassConfig::name>("name", "", "What the log, the metrics and refusals call it.")),
    required(either(scalar<kAny>("match", "", "`any`, or conditions that must all hold; of a list, one value."),
                    map<&ClassConfig::match>("match", kMatchShape, ""))),
    required(scalar<kName, &ClassConfig::backend>("backend", "", "Where its requests go.")),
    scalar<kPriority, &ClassConfig::priority>("priority", "normal", "Better ones are served first and shed last."),
    map<&ClassConfig::slo>("slo", kSloShape, "What its users are promised; alerts watch classes that have one."),
    scalar<kDurationOrZero, &ClassConfig::patience>(
        "patience", "", "The longest wait in line; without it, 0.8 x slo.first_token, or 5s without an slo."),
    scalar<kCount, &ClassConfig::line>("line", "",
                                       "Places in line; without it, an eighth of the backend's requests, at least 16."),
    map<>("limits", kLimitsShape, "The contract: what is over it is answered 429."),
    map<&ClassConfig::refusal>("refusal", kRefusalShape, "What a refused caller is told."),
    scalar<kName, &ClassConfig::service_tier>(
        "service_tier", "", "What its answers say they were served as, in `x-weir-service-tier`; without it, nothing."),
    scalar<kMode, &ClassConfig::mode>("mode", "enforce",
                                      "`shadow` lets the class through and counts what it would do."),
    scalar<kPositive, &ClassConfig::weight>(
        "weight", "1", "Among classes of the same priority: its part of what they have in flight."),
    scalar<kPercent, &ClassConfig::guarantee>("guarantee", "0%",
                                              "Of what is in flight on the backend, whatever better classes want."),
    scalar<kShed, &ClassConfig::shed>(
        "shed", "whole_clients",
        "Who is left out while not all can be served: always the same clients for an hour, or all of them a little."),
    scalar<kBool, &ClassConfig::preemptible>(
        "preemptible", "false", "Its newest running answers may be cut short when a better class has waited long."),
    later("conversation"),
};

constexpr std::array kRequestFields{
    scalar<kMethod, &PolicyTest::method>("method", "POST", "The method."),
    scalar<kUrlPath, &PolicyTest::path>("path", "/v1/chat/completions", "The path, without a query."),
    scalar<kName, &PolicyTest::listener>("listener", "", "A listener's name; without it, the first."),
    scalar<kAddress, &PolicyTest::source>("source", "::", "The client's address."),
    scalar<kName, &PolicyTest::api_key>("api_key", "", "The name of the key it shows."),
    pairs<kHeaderName, kText, &PolicyTest::headers>("header", "Its headers."),
    scalar<kModel, &PolicyTest::model>("model", "", "The model its body names."),
    scalar<kText, &PolicyTest::service_tier>("service_tier", "", "The service tier its body names."),
    scalar<kCount, &PolicyTest::prompt_tokens>("prompt_tokens", "0", "How long its body is, at four bytes each."),
    scalar<kBool, &PolicyTest::stream>("stream", "false", "Whether its body asks for a stream."),
};
constexpr Shape kRequestShape = shape<PolicyTest>("", kRequestFields);

constexpr Field kLineFull = [] {
    Field field = scalar<kFull, &PolicyTest::given>(
        "line", "", "`full`: the backend is full, and so is the line of the request's class.");
    field.print = [](const void* owner) -> std::vector<std::string> {
        if (static_cast<const PolicyTest*>(owner)->given != PolicyTest::Situation::line_full) return {};
        return {"full"};
    };
    return field;
}();

constexpr std::array kGivenFields{
    kLineFull,
    scalar<kName, &PolicyTest::flood_of>("flood_of", "",
                                         "A class: the backend is full of its requests, and its line is full."),
    scalar<kRatio, &PolicyTest::pressure>("pressure", "", "Of the backend, for `degrade`; without it, as it is."),
};
constexpr Shape kGivenShape = [] {
    Shape given = shape<PolicyTest>("", kGivenFields);
    given.finish = [](void* self) {
        auto& test = *static_cast<PolicyTest*>(self);
        if (!test.flood_of.empty()) test.given = PolicyTest::Situation::flood_of;
    };
    return given;
}();

constexpr std::array kExpectFields{
    scalar<kName, &PolicyTest::expect_class>("class", "", "The class it falls into."),
    scalar<kDecision, &PolicyTest::expect_decision>("decision", "", "What becomes of it on arrival."),
    scalar<kReason, &PolicyTest::expect_reason>("reason", "", "A word of x-weir-decision."),
    scalar<kPositive, &PolicyTest::expect_status>("status", "", "The status of the answer."),
    scalar<kText, &PolicyTest::expect_degraded>("degraded", "",
                                                "The rules that are applied, separated by commas, or `nothing`."),
};
constexpr Shape kExpectShape = non_empty(shape<PolicyTest>("", kExpectFields));

constexpr std::array kTestFields{
    required(scalar<kText, &PolicyTest::name>("name", "", "What a failure is called.")),
    map<>("request", kRequestShape, "What is sent."),
    map<>("given", kGivenShape, "The situation it arrives in; without it, nothing else is there."),
    required(map<>("expect", kExpectShape, "What must become of it.")),
};

}  // namespace

constinit const Shape kClientsShape = shape<Policy>("", kClientsFields);
constinit const Shape kKeysFileShape = shape<Policy>("", kKeysFileFields);
constinit const Shape kClassShape = shape<ClassConfig>("class", kClassFields);
constinit const Shape kTestShape = shape<PolicyTest>("test", kTestFields);

}  // namespace weir::policy

// The keys of degrade rules, and of the policy's own tests.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using admission::DegradeConfig;

void describe(Visitor& v, DegradeConfig& c) {
    v.noun("rule");
    v.required().key("name", c.name, kName, "The name used in x-weir-degraded, the log and the metrics.");
    v.required().group("when", "The conditions, all of which must hold.", [&](Visitor& when) {
        when.not_empty();
        when.required().list("class", c.classes, kName, "Names of classes; the request is in one of them.");
        when.required().key(
            "pressure", c.pressure, kRatio,
            "The lowest pressure of the class's backend: 1 is full, 1.5 is full with a queue half full.");
        when.list("model", c.models, kModel, "Models named in the body, or prefixes when they end in `*`.");
        when.map("prompt_tokens", c.prompt, "The length of the body.");
    });
    v.required().group("do", "What is changed in the request.", [&](Visitor& change) {
        change.not_empty();
        change.key("max_output_tokens", c.max_output_tokens, kPositive, "The longest answer.");
        change.key("n", c.n, kPositive, "The most answers to one request.");
        change.key("model", c.model, kText, "Replaces the body's.");
        change.key("service_tier", c.service_tier, kText, "Replaces the body's.");
        change.key("backend", c.backend, kName, "Replaces the class's.");
    });
    v.key("mode", c.mode, kMode, "`shadow` only counts what it would change.");
}

void describe_request(Visitor& v, PolicyTest& c) {
    v.key("method", c.method, kMethod, "The method.");
    v.key("path", c.path, kUrlPath, "The path, without a query.");
    v.key("listener", c.listener, kName, "A listener's name; without it, the first.");
    v.key("source", c.source, kAddress, "The client's address.");
    v.key("api_key", c.api_key, kName, "The name of the key it presents.");
    v.pairs("header", c.headers, kHeaderName, kText, "Its headers.");
    v.key("model", c.model, kModel, "The model its body names.");
    v.key("service_tier", c.service_tier, kText, "The service tier its body names.");
    v.key("prompt_tokens", c.prompt_tokens, kCount, "The length of its body in LLM tokens, at four bytes each.");
    v.key("stream", c.stream, kBool, "Whether its body asks for a stream.");
}

void describe_given(Visitor& v, PolicyTest& c) {
    v.key("queue", c.given, kFull, "`full`: the backend is full, and so is the queue of the request's class.");
    v.key("flood_of", c.flood_of, kName, "A class: the backend is full of its requests, and its queue is full.");
    v.key("pressure", c.pressure, kRatio,
          "The backend's pressure, for `degrade`; without it, what the situation amounts to.");
    v.former("line", "queue");
    if (!c.flood_of.empty()) c.given = PolicyTest::Situation::flood_of;
}

void describe_expect(Visitor& v, PolicyTest& c) {
    v.not_empty();
    v.key("class", c.expect_class, kName, "The class it falls into.");
    v.key("decision", c.expect_decision, kDecision, "What happens to it on arrival.");
    v.key("reason", c.expect_reason, kReason, "A reason, as in x-weir-decision.");
    v.key("status", c.expect_status, kPositive, "The status of the answer.");
    v.key("degraded", c.expect_degraded, kText, "The rules that are applied, separated by commas, or `nothing`.");
}

void describe(Visitor& v, PolicyTest& c) {
    v.noun("test");
    v.required().key("name", c.name, kText, "The name that a failure is reported by.");
    v.group("request", "The request.", [&](Visitor& request) { describe_request(request, c); });
    v.group("given", "The situation it arrives in; without it, the backend is idle.",
            [&](Visitor& given) { describe_given(given, c); });
    v.required().group("expect", "What must happen to it.", [&](Visitor& expect) { describe_expect(expect, c); });
}

}  // namespace weir::policy

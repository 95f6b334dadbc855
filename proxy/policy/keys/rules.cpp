// The keys of the rules by which answers are made cheaper, and of the policy's own tests.
#include "policy/forms/forms.hpp"
#include "policy/keys/keys.hpp"

namespace weir::policy {

using admission::DegradeConfig;

void describe(Visitor& v, DegradeConfig& c) {
    v.noun("rule");
    v.required().key("name", c.name, kName, "What x-weir-degraded, the log and metrics call it.");
    v.required().group("when", "What must hold.", [&](Visitor& when) {
        when.not_empty();
        when.required().list("class", c.classes, kName, "Names of classes; the request is in one of them.");
        when.required().key("pressure", c.pressure, kRatio,
                            "Of the class's backend, at least: 1 is full, 1.5 is full and a line half full.");
        when.list("model", c.models, kModel, "Models the body names, or prefixes when they end in `*`.");
        when.map("prompt_tokens", c.prompt, "How long the body is.");
    });
    v.required().group("do", "What is changed.", [&](Visitor& change) {
        change.not_empty();
        change.key("max_output_tokens", c.max_output_tokens, kPositive, "No answer is longer.");
        change.key("n", c.n, kPositive, "No more answers at once.");
        change.key("model", c.model, kText, "In place of the body's.");
        change.key("service_tier", c.service_tier, kText, "In place of the body's.");
        change.key("backend", c.backend, kName, "In place of the class's.");
    });
    v.key("mode", c.mode, kMode, "`shadow` counts what it would change.");
}

void describe_request(Visitor& v, PolicyTest& c) {
    v.key("method", c.method, kMethod, "The method.");
    v.key("path", c.path, kUrlPath, "The path, without a query.");
    v.key("listener", c.listener, kName, "A listener's name; without it, the first.");
    v.key("source", c.source, kAddress, "The client's address.");
    v.key("api_key", c.api_key, kName, "The name of the key it shows.");
    v.pairs("header", c.headers, kHeaderName, kText, "Its headers.");
    v.key("model", c.model, kModel, "The model its body names.");
    v.key("service_tier", c.service_tier, kText, "The service tier its body names.");
    v.key("prompt_tokens", c.prompt_tokens, kCount, "How long its body is, at four bytes each.");
    v.key("stream", c.stream, kBool, "Whether its body asks for a stream.");
}

void describe_given(Visitor& v, PolicyTest& c) {
    v.key("queue", c.given, kFull, "`full`: the backend is full, and so is the queue of the request's class.");
    v.key("flood_of", c.flood_of, kName, "A class: the backend is full of its requests, and its queue is full.");
    v.key("pressure", c.pressure, kRatio, "Of the backend, for `degrade`; without it, as it is.");
    v.former("line", "queue");
    if (!c.flood_of.empty()) c.given = PolicyTest::Situation::flood_of;
}

void describe_expect(Visitor& v, PolicyTest& c) {
    v.not_empty();
    v.key("class", c.expect_class, kName, "The class it falls into.");
    v.key("decision", c.expect_decision, kDecision, "What becomes of it on arrival.");
    v.key("reason", c.expect_reason, kReason, "A word of x-weir-decision.");
    v.key("status", c.expect_status, kPositive, "The status of the answer.");
    v.key("degraded", c.expect_degraded, kText, "The rules that are applied, separated by commas, or `nothing`.");
}

void describe(Visitor& v, PolicyTest& c) {
    v.noun("test");
    v.required().key("name", c.name, kText, "What a failure is called.");
    v.group("request", "What is sent.", [&](Visitor& request) { describe_request(request, c); });
    v.group("given", "The situation it arrives in; without it, nothing else is there.",
            [&](Visitor& given) { describe_given(given, c); });
    v.required().group("expect", "What must become of it.", [&](Visitor& expect) { describe_expect(expect, c); });
}

}  // namespace weir::policy

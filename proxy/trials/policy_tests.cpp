#include "trials/policy_tests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "admission/classify/classifier.hpp"
#include "admission/degrade.hpp"
#include "admission/judge.hpp"
#include "ai/dialect.hpp"
#include "downstream/exchange/reply.hpp"
#include "numbering/numbered_policy.hpp"

namespace weir::trials {
namespace {

using namespace std::chrono_literals;
using admission::Standing;
using policy::PolicyTest;

constexpr std::uint64_t kSalt = 1;  // nothing here depends on which
// Any instant would do; one well after the epoch keeps differences positive.
constexpr TimePoint kNow = TimePoint(24h);

struct Outcome {
    std::string cls;
    std::string decision;
    Reason reason = Reason::admitted;
    int status = 0;
    std::string degraded;
};

std::string_view find_header(const void* context, std::string_view name) {
    for (const auto& [key, value] : static_cast<const PolicyTest*>(context)->headers) {
        if (key == name) return value;
    }
    return {};
}

template <typename Entry>
std::size_t position_of(const std::vector<Entry>& entries, const Entry& entry) {
    return static_cast<std::size_t>(std::find(entries.begin(), entries.end(), entry) - entries.begin());
}

// REQUIRES: such an entry exists, as in a policy without errors.
template <typename Entry>
std::size_t position_by_name(const std::vector<Entry>& entries, std::string_view name) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
    return static_cast<std::size_t>(found - entries.begin());
}

// The judge of one backend, brought into the situation that a test describes.
class JudgeFixture {
public:
    explicit JudgeFixture(const admission::JudgeConfig& config)
        : config_(config), judge_(without_limits(config), kNow) {}

    // Steady state: every class had a request recently, so that headroom is kept for better classes.
    void wake_all_classes() {
        for (const admission::JudgeClass& entry : config_.classes) {
            admission::Place& place = arrive(entry.id, kNow);
            if (place.standing() == Standing::running) judge_.finish(place, kNow, changes_);
        }
    }

    // Sends requests of one class, each from a different client, until one is refused.
    void flood(ClassId cls) {
        std::uint32_t requests = 0;
        for (const auto& endpoint : config_.endpoints) requests += admission::initial_slots(endpoint);
        std::size_t bound = requests + std::size_t{1};
        for (const auto& entry : config_.classes) bound += admission::effective_queue(entry.config, requests);
        // In shadow nothing is refused, so the number of requests is bounded: by one more than there are places.
        for (std::size_t i = 0; i < bound; ++i) {
            if (arrive(cls, kNow).standing() == Standing::ended) return;
        }
    }

    [[nodiscard]] double pressure() { return judge_.pressure(kNow); }

    // The outcome for one more request, now with its limits.
    admission::Place& try_request(ClassId cls, admission::ClientKey client) {
        judge_.reconfigure(config_, kNow, changes_);
        places_.emplace_back();
        judge_.arrive(places_.back(), {cls, client, false, std::nullopt}, kNow, changes_);
        return places_.back();
    }

private:
    static admission::JudgeConfig without_limits(admission::JudgeConfig config) {
        for (admission::JudgeClass& entry : config.classes) {
            entry.config.limits = {};
            entry.config.per_client = {};
        }
        return config;
    }

    admission::Place& arrive(ClassId cls, TimePoint now) {
        places_.emplace_back();
        judge_.arrive(places_.back(), {cls, next_client_++, false, std::nullopt}, now, changes_);
        return places_.back();
    }

    admission::JudgeConfig config_;
    std::deque<admission::Place> places_;  // before the judge: it unlinks from them last
    admission::Judge judge_;
    admission::Changes changes_;
    admission::ClientKey next_client_ = 1;
};

std::string_view decision_name(Standing standing) {
    switch (standing) {
        case Standing::running: return "admit";
        case Standing::waiting: return "queue";
        default: return "refuse";
    }
}

class TestBench {
public:
    explicit TestBench(const policy::Policy& policy)
        : policy_(policy),
          numbered_(numbering::number(policy, names_).value()),
          classifier_(policy.clients, numbering::judge_classes(numbered_), kSalt) {}

    Outcome run(const PolicyTest& test) {
        const admission::Identity identity = classifier_.assume(test.source, test.api_key);
        const std::string& listener = test.listener.empty() ? policy_.listeners.front().name : test.listener;
        const std::string_view path = std::string_view(test.path).substr(0, test.path.find('?'));
        const admission::HeadFacts head{listener, test.method, path, find_header, &test};
        const ClassId id = classifier_.classify(identity, head, body_of(test));
        const admission::ClassConfig& cls = policy_.classes[position_of(numbered_.classes, id)];
        const std::size_t backend = position_by_name(policy_.backends, cls.backend);
        JudgeFixture fixture(numbering::judge_config(numbered_, backend));
        arrange(test, cls, id, fixture);
        std::string degraded;
        const std::string_view fallback_route =
            degrade(test, cls, test.pressure.value_or(fixture.pressure()), degraded);
        if (fallback_route.empty() || fallback_route == cls.backend) {
            return outcome_of(fixture.try_request(id, identity.client), cls, policy_.backends[backend], path, degraded);
        }
        // The fallback backend is idle.
        const std::size_t other = position_by_name(policy_.backends, fallback_route);
        JudgeFixture idle(numbering::judge_config(numbered_, other));
        return outcome_of(idle.try_request(id, identity.client), cls, policy_.backends[other], path, degraded);
    }

private:
    // Creates the situation that the test gives.
    void arrange(const PolicyTest& test, const admission::ClassConfig& cls, ClassId id, JudgeFixture& fixture) const {
        if (test.given == PolicyTest::Situation::queue_full) fixture.flood(id);
        if (test.given != PolicyTest::Situation::flood_of) return;
        fixture.wake_all_classes();
        const std::size_t flooding = position_by_name(policy_.classes, test.flood_of);
        // A flood on another backend leaves this one idle.
        if (policy_.classes[flooding].backend == cls.backend) fixture.flood(numbered_.classes[flooding]);
    }

    // Puts the names of the applied rules into `degraded`; returns the backend that they lead to, or nothing.
    std::string_view degrade(const PolicyTest& test, const admission::ClassConfig& cls, double pressure,
                             std::string& degraded) {
        const std::vector<admission::DegradeRule> rules = numbering::degrade_rules(numbered_, cls.name);
        const auto plan = admission::plan_degrade(rules,
                                                  {.model = test.model,
                                                   .service_tier = test.service_tier,
                                                   .prompt_tokens = test.prompt_tokens,
                                                   .max_output_tokens = std::nullopt,
                                                   .n = 1,
                                                   .has_length = true,
                                                   .has_model = true,
                                                   .has_tier = true},
                                                  pressure);
        for (const admission::DegradeRule& rule : rules) {
            if ((plan.applied >> index(rule.id) & 1U) == 0) continue;
            degraded.append(degraded.empty() ? "" : ",").append(rule.config.name);
        }
        if (degraded.empty()) degraded = "nothing";
        return plan.backend;
    }

    static Outcome outcome_of(const admission::Place& place, const admission::ClassConfig& cls,
                              const upstream::BackendConfig& backend, std::string_view path,
                              const std::string& degraded) {
        Outcome outcome{cls.name, std::string(decision_name(place.standing())), place.decision().reason, 200, degraded};
        if (place.standing() == Standing::ended) {
            outcome.status = downstream::status_of(outcome.reason, ai::dialect_of(path, backend.dialect));
        }
        return outcome;
    }

    // Requests whose method usually has a body have a JSON one.
    static admission::BodyFacts body_of(const PolicyTest& test) {
        return {.there = test.method == "POST" || test.method == "PUT" || test.method == "PATCH",
                .model = test.model,
                .service_tier = test.service_tier,
                .prompt_tokens = test.prompt_tokens,
                .stream = test.stream};
    }

    const policy::Policy& policy_;
    numbering::Names names_;
    numbering::NumberedPolicy numbered_;
    admission::Classifier classifier_;
};

}  // namespace

policy::Diagnostics run_policy_tests(const policy::Policy& policy) {
    policy::Diagnostics failures;
    if (policy.tests.empty()) return failures;
    TestBench bench(policy);
    for (const PolicyTest& test : policy.tests) {
        const Outcome outcome = bench.run(test);
        const auto expect = [&](std::string_view what, std::string_view expected, std::string_view actual) {
            if (expected.empty() || expected == actual) return;
            failures.push_back(
                {.severity = policy::Severity::error,
                 .mark = test.expect_mark,
                 .id = "policy-test",
                 .message = fmt::format("test '{}': expected {} '{}', got '{}'", test.name, what, expected, actual),
                 .suggestion = {},
                 .help = fmt::format("class '{}', decision '{}', reason '{}', status {}", outcome.cls, outcome.decision,
                                     name(outcome.reason), outcome.status)});
        };
        expect("class", test.expect_class, outcome.cls);
        expect("decision", test.expect_decision, outcome.decision);
        expect("reason", test.expect_reason, name(outcome.reason));
        expect("degraded", test.expect_degraded, outcome.degraded);
        if (test.expect_status != 0) {
            expect("status", std::to_string(test.expect_status), std::to_string(outcome.status));
        }
    }
    return failures;
}

}  // namespace weir::trials

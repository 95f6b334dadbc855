// A cheaper answer before none: what `degrade` changes of a request, and what is noted of it.

#include <gtest/gtest.h>

#include "downstream/exchange/prompt.hpp"
#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using admission::DegradeConfig;
using test::OneClient;
using test::PreparedPrompt;

constexpr std::string_view kChat = "/v1/chat/completions";

// A routing whose class has these rules; the backend `small` is another.
std::shared_ptr<Routing> with_rules(const std::vector<DegradeConfig>& rules, std::string_view tier = {}) {
    test::RoutingParts parts;
    parts.classes[0].config.service_tier = tier;
    auto routing = test::make_routing(parts);
    Route& home = routing->routes[0];
    for (const DegradeConfig& rule : rules) {
        home.degrade.push_back({RuleId{static_cast<std::uint16_t>(home.degrade.size())}, rule});
    }
    parts.backend.name = "small";
    Route fallback_route = home;
    fallback_route.degrade.clear();
    fallback_route.backend = test::make_backend(7, parts.backend, 1);
    home.degrade_routes.push_back(fallback_route);
    return routing;
}

DegradeConfig rule(std::string_view name) {
    DegradeConfig config;
    config.name = name;
    return config;
}
DegradeConfig shorter(std::uint32_t tokens) {
    DegradeConfig config = rule("shorter");
    config.max_output_tokens = tokens;
    return config;
}
DegradeConfig fewer() {
    DegradeConfig config = rule("fewer");
    config.n = 1;
    return config;
}
DegradeConfig other_model() {
    DegradeConfig config = rule("other-model");
    config.model = "small\"er";
    return config;
}
DegradeConfig other_tier() {
    DegradeConfig config = rule("other-tier");
    config.service_tier = "flex";
    return config;
}

struct Row {
    std::vector<DegradeConfig> rules;
    std::string_view body;
    std::string_view sent;
    std::string_view degraded;
    std::uint32_t output_tokens;  // that are reserved
};

TEST(Degrade, ChangesWhatTheRulesName) {
    for (const Row& row : {
             Row{{shorter(100)}, R"({"max_tokens":500})", R"({"max_tokens":100})", "shorter", 100},
             {{shorter(100)}, R"({"max_tokens":50})", R"({"max_tokens":50})", "", 50},
             {{shorter(100)}, R"({"a":1})", R"({"max_tokens":100,"a":1})", "shorter", 100},
             {{fewer()}, R"({"max_tokens":9,"n":3})", R"({"max_tokens":9,"n":1})", "fewer", 9},
             {{shorter(5), fewer()}, R"({"max_tokens":9,"n":3})", R"({"max_tokens":5,"n":1})", "shorter,fewer", 5},
             {{other_model()}, R"({"model":"m"})", R"({"model":"small\"er"})", "other-model", 256},
             {{other_tier()}, R"({"service_tier":"auto"})", R"({"service_tier":"flex"})", "other-tier", 256},
             {{}, R"({"max_tokens":500})", R"({"max_tokens":500})", "", 500},
         }) {
        OneClient one(with_rules(row.rules));
        PreparedPrompt prepared(one, kChat, row.body);
        EXPECT_EQ(prepared.body(), row.sent);
        EXPECT_EQ(prepared.arrival.outcome.degraded, row.degraded) << row.body;
        EXPECT_EQ(prepared.ask().output_tokens, row.output_tokens) << row.body;
    }
}

TEST(Degrade, NotesTheRulesThatWereAppliedAndThoseInShadow) {
    DegradeConfig shadow = fewer();
    shadow.mode = admission::Mode::shadow;
    OneClient one(with_rules({shorter(100), shadow, other_model()}));
    PreparedPrompt prepared(one, kChat, R"({"max_tokens":500,"n":2})");
    EXPECT_EQ(prepared.arrival.outcome.record.degraded_rules, 0b101U);
    EXPECT_EQ(prepared.arrival.outcome.record.spared_rules, 0b010U);
    EXPECT_NE(prepared.body().find(R"("n":2)"), std::string::npos);
}

TEST(Degrade, WaitsForThePressureThatItsRuleNames) {
    DegradeConfig pressed = shorter(100);
    pressed.pressure = 0.9;
    OneClient one(with_rules({pressed}));
    EXPECT_EQ(PreparedPrompt(one, kChat, R"({"max_tokens":500})").arrival.outcome.degraded, "");
    Ticket ticket(one.client.waker);
    SharedJudge& judge = *one.client.routing->routes[0].judge;
    judge.arrive(ticket, test::make_ask(0), one.client.turn());
    EXPECT_EQ(PreparedPrompt(one, kChat, R"({"max_tokens":500})").arrival.outcome.degraded, "shorter");
    judge.finish(ticket, one.client.turn());
}

TEST(Degrade, SendsToAnotherBackend) {
    DegradeConfig elsewhere = rule("elsewhere");
    elsewhere.backend = "small";
    OneClient one(with_rules({elsewhere}));
    PreparedPrompt prepared(one, kChat, R"({"max_tokens":500})");
    EXPECT_EQ(prepared.arrival.caller.route->backend->config().name, "small");
    EXPECT_EQ(prepared.arrival.outcome.record.backend, BackendId{7});
    EXPECT_EQ(prepared.arrival.outcome.record.cls, ClassId{0}) << "its class is the same";
}

TEST(Degrade, ChangesTheTierThatItWouldBeServedAs) {
    OneClient one(with_rules({other_tier()}, "priority"));
    PreparedPrompt asks(one, kChat, R"({"service_tier":"auto"})");
    EXPECT_EQ(asks.body(), R"({"service_tier":"flex"})");
    EXPECT_EQ(asks.prompt.degraded_tier(), "flex");
    OneClient same(with_rules({other_tier()}, "flex"));
    PreparedPrompt served(same, kChat, R"({"service_tier":"auto"})");
    EXPECT_EQ(served.arrival.outcome.degraded, "") << "it is served as that already";
    EXPECT_EQ(served.body(), R"({"service_tier":"flex"})");
}

TEST(Degrade, LeavesABodyAloneThatIsNoObject) {
    OneClient one(with_rules({shorter(100), other_model()}));
    PreparedPrompt prepared(one, "/other", "[1,2]");
    EXPECT_EQ(prepared.body(), "[1,2]");
    EXPECT_EQ(prepared.arrival.outcome.record.degraded_rules, 0U);
}

}  // namespace
}  // namespace weir::downstream

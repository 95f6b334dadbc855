// What an engine reads of a body, by what is made of it.

#include <gtest/gtest.h>

#include "downstream/exchange/prompt.hpp"
#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using test::OneClient;
using test::PreparedPrompt;
using test::RoutingParts;
using upstream::EnginePriority;

constexpr std::string_view kChat = "/v1/chat/completions";

struct Usage {
    std::string_view path;
    std::string_view body;
    std::string_view sent;
};

TEST(Rewrite, AsksForAStreamsUsageWhereItsClientDidNot) {
    for (const Usage& row : {
             Usage{kChat, R"({"stream":true})", R"({"stream_options":{"include_usage":true},"stream":true})"},
             {"/v1/completions", R"({"stream":true,"stream_options":{}})",
              R"({"stream":true,"stream_options":{"include_usage":true}})"},
             {kChat, R"({"stream":true,"stream_options":{"include_usage":false}})",
              R"({"stream":true,"stream_options":{"include_usage":true}})"},
             {kChat, R"({"stream":true,"stream_options":{"include_usage":true}})", ""},
             {kChat, R"({"stream":false})", ""},
             {"/v1/messages", R"({"stream":true})", ""},
             {"/v1/responses", R"({"stream":true})", ""},
         }) {
        OneClient one;
        PreparedPrompt prepared(one, row.path, row.body);
        EXPECT_EQ(prepared.body(), row.sent.empty() ? row.body : row.sent);
        EXPECT_EQ(prepared.prompt.asked_usage(), !row.sent.empty()) << row.body;
    }
    RoutingParts parts;
    parts.backend.ask_usage = false;
    OneClient one(parts);
    EXPECT_EQ(PreparedPrompt(one, kChat, R"({"stream":true})").body(), R"({"stream":true})");
}

struct Hint {
    EnginePriority engine;
    bool trusted;
    std::string_view body;
    std::string_view sent;
};

// The class is of priority `high`, the second best: 1 where small numbers go first, 3 where great ones do.
TEST(Rewrite, WritesThePlaceInTheEnginesQueueThatTheClassHas) {
    constexpr std::string_view hinted = R"({"nvext":{"agent_hints":{"priority":9}},"n":1})";
    for (const Hint& row : {
             Hint{EnginePriority::strip, false, R"({"priority":-9,"n":1})", R"({"n":1})"},
             {EnginePriority::strip, true, R"({"priority":-9,"n":1})", R"({"priority":-9,"n":1})"},
             {EnginePriority::strip, false, hinted, R"({"nvext":{},"n":1})"},
             {EnginePriority::strip, true, hinted, hinted},
             {EnginePriority::vllm, false, R"({"n":1})", R"({"priority":1,"n":1})"},
             {EnginePriority::vllm, true, R"({"priority":-9})", R"({"priority":1})"},
             {EnginePriority::vllm, false, hinted, R"({"priority":1,"nvext":{},"n":1})"},
             {EnginePriority::sglang, false, R"({"priority":9})", R"({"priority":3})"},
             {EnginePriority::dynamo, false, R"({"priority":9})", R"({"nvext":{"agent_hints":{"priority":3}}})"},
             {EnginePriority::dynamo, true, hinted, R"({"nvext":{"agent_hints":{"priority":3}},"n":1})"},
         }) {
        RoutingParts parts;
        parts.backend.priority = row.engine;
        parts.classes[0].config.priority = admission::Priority::high;
        if (row.trusted) parts.clients.trusted_proxies = {IpNetwork::parse("192.0.2.1").value()};
        OneClient one(parts);
        EXPECT_EQ(PreparedPrompt(one, kChat, row.body).body(), row.sent)
            << row.body << " for engine " << static_cast<int>(row.engine) << " trusted " << row.trusted;
    }
}

// On other paths a member of that name may be the caller's business, unless it is what engines take for a priority.
TEST(Rewrite, TakesOnlyNumbersForAPriorityOnPathsThatAreNoKnownCall) {
    for (const auto& [body, sent] : {std::pair{R"({"priority":3,"n":1})", R"({"n":1})"},
                                     {R"({"priority":-3,"n":1})", R"({"n":1})"},
                                     {R"({"priority":"high"})", R"({"priority":"high"})"}}) {
        OneClient one;
        EXPECT_EQ(PreparedPrompt(one, "/other", body).body(), sent);
    }
    RoutingParts parts;
    parts.backend.dialect = Dialect::generic;
    OneClient one(parts);
    EXPECT_EQ(PreparedPrompt(one, "/other", R"({"priority":3})").body(), R"({"priority":3})");
}

struct Tier {
    std::string_view path;
    std::string_view of_class;
    std::string_view body;
    std::string_view sent;
};

TEST(Rewrite, NamesTheTierThatTheClassIsServedAs) {
    for (const Tier& row : {
             Tier{kChat, "flex", R"({"service_tier":"priority"})", R"({"service_tier":"flex"})"},
             {kChat, "flex", R"({"service_tier":"flex"})", R"({"service_tier":"flex"})"},
             {kChat, "flex", R"({"n":1})", R"({"n":1})"},
             {kChat, "", R"({"service_tier":"priority"})", R"({"service_tier":"priority"})"},
             {"/v1/messages", "flex", R"({"service_tier":"auto"})", R"({"service_tier":"auto"})"},
         }) {
        RoutingParts parts;
        parts.classes[0].config.service_tier = row.of_class;
        OneClient one(parts);
        EXPECT_EQ(PreparedPrompt(one, row.path, row.body).body(), row.sent) << row.of_class;
    }
}

TEST(Rewrite, CountsTheMemoryOfABodyThatHasGrown) {
    OneClient one;
    const std::string body = R"({"stream":true,"a":")" + std::string(3000, 'x') + "\"}";
    PreparedPrompt prepared(one, kChat, body);
    EXPECT_GT(prepared.body().size(), body.size());
    EXPECT_EQ(one.state.buffered_bytes, static_cast<std::int64_t>(prepared.upload.body().capacity()));
    EXPECT_EQ(one.recorder.held, one.state.buffered_bytes);
}

}  // namespace
}  // namespace weir::downstream

#include "ai/rewrite.hpp"
#include "ai/request_scanner.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

template <typename Change>
std::string rewritten(std::string body, Change change) {
    const RequestFacts facts = read_facts(Api::generic, body);
    Rewrite rewrite(facts);
    change(rewrite);
    SegmentedText text(body);
    return rewrite.apply(text) ? text.joined() : "unchanged: " + body;
}

std::string with_priority(std::string body) {
    return rewritten(std::move(body), [](Rewrite& rewrite) { rewrite.set(Member::priority, "3"); });
}

TEST(Rewrite, InsertsAMemberInFrontAndMovesNothingElse) {
    EXPECT_EQ(with_priority(R"({"model":"m", "x":1})"), R"({"priority":3,"model":"m", "x":1})");
    EXPECT_EQ(with_priority("{}"), R"({"priority":3})");
    EXPECT_EQ(with_priority(" { \n\"a\" : 1 } "), " {\"priority\":3, \n\"a\" : 1 } ");
}

TEST(Rewrite, ReplacesAValueInItsPlace) {
    EXPECT_EQ(with_priority(R"({"priority":-100,"a":1})"), R"({"priority":3,"a":1})");
    EXPECT_EQ(with_priority(R"({"a":1, "\u0070riority" : {"x":[1]} })"), R"({"a":1, "\u0070riority" : 3 })");
}

TEST(Rewrite, RemovesAMemberWithItsComma) {
    const auto without_n = [](Rewrite& rewrite) { rewrite.remove(Member::n); };
    EXPECT_EQ(rewritten(R"({"n":2,"a":1})", without_n), R"({"a":1})");
    EXPECT_EQ(rewritten(R"({"a":1 , "n":2 })", without_n), R"({"a":1  })");
    EXPECT_EQ(rewritten(R"({"a":1,"n":2,"b":3})", without_n), R"({"a":1,"b":3})");
    EXPECT_EQ(rewritten(R"({ "n":2 })", without_n), R"({  })");
    EXPECT_EQ(rewritten(R"({"a":1})", without_n), R"({"a":1})");
}

TEST(Rewrite, RemovesSeveralNeighbours) {
    const auto change = [](Rewrite& rewrite) {
        rewrite.remove(Member::n);
        rewrite.remove(Member::best_of);
    };
    EXPECT_EQ(rewritten(R"({"a":1,"best_of":2,"n":2})", change), R"({"a":1})");
    EXPECT_EQ(rewritten(R"({"n":2,"best_of":2,"a":1})", change), R"({"a":1})");
    EXPECT_EQ(rewritten(R"({"n":2,"best_of":2})", change), R"({})");
}

TEST(Rewrite, AsksForUsageInsideTheOptions) {
    const auto ask = [](Rewrite& rewrite) { rewrite.set(Member::include_usage, "true"); };
    EXPECT_EQ(rewritten(R"({"a":1})", ask), R"({"stream_options":{"include_usage":true},"a":1})");
    EXPECT_EQ(rewritten(R"({"stream_options":{"x":1}})", ask), R"({"stream_options":{"include_usage":true,"x":1}})");
    EXPECT_EQ(rewritten(R"({"stream_options":{ }})", ask), R"({"stream_options":{"include_usage":true }})");
    EXPECT_EQ(rewritten(R"({"stream_options":null,"a":1})", ask), R"({"stream_options":{"include_usage":true},"a":1})");
    EXPECT_EQ(rewritten(R"({"stream_options":{"include_usage":false}})", ask),
              R"({"stream_options":{"include_usage":true}})");
}

TEST(Rewrite, AppliesManyChangesAtOnce) {
    const auto change = [](Rewrite& rewrite) {
        rewrite.set(Member::priority, "1");
        rewrite.set(Member::model, "\"small\"");
        rewrite.remove(Member::n);
        rewrite.set(Member::max_tokens, "128");
        rewrite.set(Member::include_usage, "true");
    };
    EXPECT_EQ(
        rewritten(R"({"n":4,"model":"large","messages":[ ],"max_tokens":9999})", change),
        R"({"stream_options":{"include_usage":true},"priority":1,"model":"small","messages":[ ],"max_tokens":128})");
}

TEST(Rewrite, LeavesABodyThatIsNotAnObjectAlone) {
    for (const std::string body : {"", "[]", "{\"a\":1", "{\"a\":1}{\"priority\":1}", "priority=1"}) {
        EXPECT_EQ(with_priority(body), "unchanged: " + body);
    }
}

}  // namespace
}  // namespace weir::ai

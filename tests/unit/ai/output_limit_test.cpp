#include "ai/output_limit.hpp"
#include "ai/request_scanner.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

std::string limited(Api api, std::uint32_t tokens, std::string body) {
    const RequestFacts facts = read_facts(api, body);
    Rewrite rewrite(facts);
    limit_length(tokens, facts, rewrite);
    SegmentedText text(body);
    rewrite.apply(text);
    return text.joined();
}

TEST(OutputLimit, LowersALengthUnderEveryName) {
    EXPECT_EQ(limited(Api::chat, 128, R"({ "max_tokens" : 4000, "x":[ ] })"), R"({ "max_tokens" : 128, "x":[ ] })");
    EXPECT_EQ(limited(Api::chat, 128, R"({"max_completion_tokens":4000,"max_tokens":5})"),
              R"({"max_completion_tokens":128,"max_tokens":5})");
    EXPECT_EQ(limited(Api::responses, 128, R"({"max_output_tokens":1e3})"), R"({"max_output_tokens":128})");
    EXPECT_EQ(limited(Api::responses, 128, R"({"input":"x"})"), R"({"max_output_tokens":128,"input":"x"})");
    EXPECT_EQ(limited(Api::chat, 128, R"({"max_tokens":null})"), R"({"max_tokens":128})");
}

TEST(OutputLimit, LowersAMinimumLengthWithIt) {
    EXPECT_EQ(limited(Api::completions, 128, R"({"min_tokens": 500 ,"max_tokens":600})"),
              R"({"min_tokens": 128 ,"max_tokens":128})");
    EXPECT_EQ(limited(Api::chat, 128, R"({"max_tokens":600,"min_tokens":128})"),
              R"({"max_tokens":128,"min_tokens":128})");
    EXPECT_EQ(limited(Api::chat, 128, R"({"max_tokens":600,"min_tokens":"many"})"),
              R"({"max_tokens":128,"min_tokens":"many"})")
        << "nonsense is left for the engine to report";
}

TEST(OutputLimit, KeepsAThinkingBudgetBelowIt) {
    EXPECT_EQ(
        limited(Api::messages, 2000, R"({"max_tokens":9000,"thinking":{"type":"enabled", "budget_tokens":8000}})"),
        R"({"max_tokens":2000,"thinking":{"type":"enabled", "budget_tokens":1999}})");
    EXPECT_EQ(limited(Api::messages, 2000, R"({"max_tokens":9000,"thinking":{"budget_tokens":2000}})"),
              R"({"max_tokens":2000,"thinking":{"budget_tokens":1999}})");
    EXPECT_EQ(limited(Api::messages, 2000, R"({"max_tokens":9000,"thinking":{"budget_tokens":1999}})"),
              R"({"max_tokens":2000,"thinking":{"budget_tokens":1999}})");
    EXPECT_EQ(limited(Api::messages, 1025, R"({"max_tokens":9000,"thinking":{"budget_tokens":4000}})"),
              R"({"max_tokens":1025,"thinking":{"budget_tokens":1024}})");
}

TEST(OutputLimit, RemovesThinkingThatNoLongerFits) {
    EXPECT_EQ(
        limited(Api::messages, 1024, R"({"thinking":{"type":"enabled","budget_tokens":1024}, "max_tokens":9000})"),
        R"({ "max_tokens":1024})");
    EXPECT_EQ(limited(Api::messages, 128, R"({"max_tokens":9000,"thinking":{"budget_tokens":1024}})"),
              R"({"max_tokens":128})");
}

TEST(OutputLimit, LeavesThinkingWithoutABudgetOrOfOtherApisAlone) {
    EXPECT_EQ(limited(Api::messages, 128, R"({"max_tokens":9000,"thinking":{"type":"adaptive"}})"),
              R"({"max_tokens":128,"thinking":{"type":"adaptive"}})");
    EXPECT_EQ(limited(Api::messages, 128, R"({"max_tokens":9000,"thinking":true})"),
              R"({"max_tokens":128,"thinking":true})");
    EXPECT_EQ(limited(Api::chat, 128, R"({"max_tokens":9000,"thinking":{"budget_tokens":4000}})"),
              R"({"max_tokens":128,"thinking":{"budget_tokens":4000}})");
    EXPECT_EQ(limited(Api::messages, 128,
                      R"({"max_tokens":900,"thinking":{"budget_tokens":4000},"thinking":{"type":"disabled"}})"),
              R"({"max_tokens":128,"thinking":{"budget_tokens":4000},"thinking":{"type":"disabled"}})");
}

TEST(OutputLimit, LowersTheNumberOfAnswers) {
    std::string body = R"({"n":4,"best_of":8,"prompt":"p"})";
    const RequestFacts facts = read_facts(Api::completions, body);
    Rewrite rewrite(facts);
    limit_answers(4, facts, rewrite);
    SegmentedText text(body);
    ASSERT_TRUE(rewrite.apply(text));
    EXPECT_EQ(text.joined(), R"({"n":4,"best_of":4,"prompt":"p"})");
}

}  // namespace
}  // namespace weir::ai

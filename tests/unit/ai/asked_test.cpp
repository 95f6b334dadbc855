#include "ai/asked.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

std::string with_priority(std::string body, unsigned priority = 3) {
    return set_priority(body, priority) ? body : "unchanged: " + body;
}

TEST(Asked, AStreamIsAskedForAtTheTopOfTheBody) {
    EXPECT_TRUE(asks_for_stream(R"({"model":"m","stream":true})"));
    EXPECT_TRUE(asks_for_stream(R"({ "stream" : true , "model":"m"})"));
    EXPECT_FALSE(asks_for_stream(R"({"stream":false})"));
    EXPECT_FALSE(asks_for_stream(R"({"stream":true,"stream":false})"));
    EXPECT_FALSE(asks_for_stream(R"({"options":{"stream":true}})"));
    EXPECT_FALSE(asks_for_stream(R"({"prompt":"\"stream\":true"})"));
    EXPECT_FALSE(asks_for_stream("stream=true"));
    EXPECT_FALSE(asks_for_stream(""));
}

TEST(Asked, FourBytesAreAToken) {
    EXPECT_EQ(estimated_tokens(0), 0U);
    EXPECT_EQ(estimated_tokens(1), 1U);
    EXPECT_EQ(estimated_tokens(400), 100U);
    EXPECT_EQ(estimated_tokens(~0ULL), ~0U);
}

TEST(SetPriority, WritesItInFrontAndMovesNothingElse) {
    EXPECT_EQ(with_priority(R"({"model":"m", "x":1})"), R"({"priority":3,"model":"m", "x":1})");
    EXPECT_EQ(with_priority("{}", 0), R"({"priority":0})");
    EXPECT_EQ(with_priority(" { \n\"a\" : 1 } "), " {\"priority\":3, \n\"a\" : 1 } ");
}

TEST(SetPriority, TakesTheClientsOwnOut) {
    EXPECT_EQ(with_priority(R"({"priority":-100,"a":1})"), R"({"priority":3,"a":1})");
    EXPECT_EQ(with_priority(R"({"a":1,"priority":-100})"), R"({"priority":3,"a":1})");
    EXPECT_EQ(with_priority(R"({"a":1,"priority":-1,"b":2,"priority":-2})"), R"({"priority":3,"a":1,"b":2})");
    EXPECT_EQ(with_priority(R"({"priority":-100})"), R"({"priority":3})");
    EXPECT_EQ(with_priority(R"({"priority":1,"priority":2})"), R"({"priority":3})");
    EXPECT_EQ(with_priority(R"({"\u0070riorit\u0079":-100,"a":1})"), R"({"priority":3,"a":1})");
    EXPECT_EQ(with_priority(R"({"priorit\u00e9":1,"my priority":{"priority":2}})"),
              R"({"priority":3,"priorit\u00e9":1,"my priority":{"priority":2}})");
}

TEST(SetPriority, LeavesWhatIsNoObjectAlone) {
    for (const std::string body : {"", "[]", "{\"a\":1", "{\"a\":1}{\"priority\":1}", "priority=1"}) {
        EXPECT_EQ(with_priority(body), "unchanged: " + body);
    }
}

}  // namespace
}  // namespace weir::ai

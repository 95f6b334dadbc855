#include "ai/json_members.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::ai {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// `name=value` of each member that can be read.
std::vector<std::string> members_of(std::string_view text) {
    JsonMembers members(text);
    std::vector<std::string> found;
    while (const auto member = members.next()) {
        found.push_back(std::string(member->name) + "=" + std::string(member->value));
        EXPECT_EQ(text[member->begin], '"');
        EXPECT_TRUE(text.substr(0, member->end).ends_with(member->value));
    }
    return found;
}

bool is_complete(std::string_view text) {
    JsonMembers members(text);
    while (members.next()) {
    }
    return members.complete();
}

TEST(JsonMembers, AreReadWhereTheyStand) {
    EXPECT_THAT(members_of(R"( {"model": "small", "stream":true ,"n" : 1,
        "messages":[{"role":"user","content":"a \"}]{ b"}], "x":null})"),
                ElementsAre("model=\"small\"", "stream=true", "n=1",
                            R"(messages=[{"role":"user","content":"a \"}]{ b"}])", "x=null"));
    EXPECT_THAT(members_of("{}"), IsEmpty());
    EXPECT_TRUE(is_complete(" {} \n"));
}

TEST(JsonMembers, StopWhereTheTextIsNoObject) {
    for (const std::string_view text :
         {"", " ", "[]", "null", "\"{}\"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",
          "{\"a\":1 \"b\":2}", "{\"a\":[1}", "{\"a\":\"x}", "{\"a\":\"\\", "{\"a\":}", "{} x", "{\"a\":1}}"}) {
        EXPECT_FALSE(is_complete(text)) << text;
    }
}

TEST(JsonMembers, BoundTheirDepth) {
    const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_FALSE(is_complete(deep));
    EXPECT_TRUE(is_complete("{\"a\":" + std::string(400, '[') + std::string(400, ']') + "}"));
}

std::vector<std::string> elements_of(std::string_view text) {
    JsonElements elements(text);
    std::vector<std::string> found;
    while (const auto element = elements.next()) found.emplace_back(*element);
    return found;
}

TEST(JsonElements, AreReadWhereTheyStand) {
    EXPECT_THAT(elements_of(R"( ["a, \"]", [1,[2]] ,{"x":[3,4]}, 5 ,null ] )"),
                ElementsAre(R"("a, \"]")", "[1,[2]]", R"({"x":[3,4]})", "5", "null"));
    EXPECT_THAT(elements_of("[]"), IsEmpty());
}

TEST(JsonElements, EndWhereTheTextIsNoArray) {
    for (const char* text : {"", "{}", R"({"a":1})", "1,2", R"("[1]")", "[,1]", "[", R"(["a)"}) {
        EXPECT_THAT(elements_of(text), IsEmpty()) << text;
    }
    EXPECT_THAT(elements_of("[1 2]"), ElementsAre("1"));
    EXPECT_THAT(elements_of("[1,,2]"), ElementsAre("1"));
    EXPECT_THAT(elements_of("[1,[2}"), ElementsAre("1", "[2}")) << "what is nested is passed over, no more";
}

}  // namespace
}  // namespace weir::ai

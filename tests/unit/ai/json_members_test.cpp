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

TEST(JsonMembers, AreReadInPlace) {
    EXPECT_THAT(members_of(R"( {"model": "small", "stream":true ,"n" : 1,
        "messages":[{"role":"user","content":"a \"}]{ b"}], "x":null})"),
                ElementsAre("model=\"small\"", "stream=true", "n=1",
                            R"(messages=[{"role":"user","content":"a \"}]{ b"}])", "x=null"));
    EXPECT_THAT(members_of("{}"), IsEmpty());
    EXPECT_TRUE(is_complete(" {} \n"));
}

TEST(JsonMembers, StopWhereTheTextIsNotAnObject) {
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

}  // namespace
}  // namespace weir::ai

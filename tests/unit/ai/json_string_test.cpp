#include "ai/json_string.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

TEST(JsonString, IsReadWithItsEscapes) {
    EXPECT_EQ(unescape_json("gpt-4o"), "gpt-4o");
    EXPECT_EQ(unescape_json(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
    EXPECT_EQ(unescape_json(R"(m\u006fdel)"), "model");
    EXPECT_EQ(unescape_json(R"(\u00e9\u20AC)"), "é€");
    EXPECT_EQ(unescape_json(R"(\ud83d\ude00!)"), "😀!");
}

TEST(JsonString, ReplacesAnUnpairedSurrogate) {
    EXPECT_EQ(unescape_json(R"(\ud83dx)"), "\xEF\xBF\xBDx");
    EXPECT_EQ(unescape_json(R"(\ude00)"), "\xEF\xBF\xBD");
    EXPECT_EQ(unescape_json(R"(\ud83d\u0041)"),
              "\xEF\xBF\xBD"
              "A");
}

TEST(JsonString, IsNothingWhereAnEscapeIsMalformed) {
    for (const char* written : {"\\", "\\x", "\\u12", "\\u12g4", "a\\u"}) EXPECT_FALSE(unescape_json(written));
}

TEST(JsonString, IsComparedAfterDecoding) {
    EXPECT_TRUE(json_says("model", "model"));
    EXPECT_TRUE(json_says(R"(m\u006fdel)", "model"));
    EXPECT_FALSE(json_says("Model", "model"));
    EXPECT_FALSE(json_says("model\\", "model"));
}

}  // namespace
}  // namespace weir::ai

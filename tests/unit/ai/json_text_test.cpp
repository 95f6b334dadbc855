#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace weir {
namespace {

using namespace std::string_view_literals;

std::string read_back(std::string_view text) { return boost::json::parse(json_string(text)).as_string().c_str(); }

TEST(JsonText, EscapesWhatJsonRequires) {
    EXPECT_EQ(json_string("a\"b\\c\n\r\t"), R"("a\"b\\c\n\r\t")");
    EXPECT_EQ(json_string("\0\x1B\x7F"sv), R"("\u0000\u001b\u007f")");
    EXPECT_EQ(json_string(""), R"("")");
}

TEST(JsonText, AppendsToTheText) {
    std::string out = "{";
    append_json_string(out, "a");
    EXPECT_EQ(out, "{\"a\"");
}

TEST(JsonText, KeepsValidUtf8) {
    for (const auto* text : {"\u00e4", "\u20ac", "\U0001F600", "\uD7FF", "\uE000", "\U0010FFFF", "\u0080"})
        EXPECT_EQ(read_back(text), text);
}

// RFC 3629 section 3: overlong forms, surrogates and values above U+10FFFF are not UTF-8.
TEST(JsonText, ReplacesEveryByteThatIsNotUtf8) {
    const std::string one = "\uFFFD";
    EXPECT_EQ(read_back("\x80"), one);
    EXPECT_EQ(read_back("\xC0\xAF"), one + one);
    EXPECT_EQ(read_back("\xE0\x80\xAF"), one + one + one);
    EXPECT_EQ(read_back("\xED\xA0\x80"), one + one + one);
    EXPECT_EQ(read_back("\xF4\x90\x80\x80"), one + one + one + one);
    EXPECT_EQ(read_back("\xF5\x80\x80\x80"), one + one + one + one);
    EXPECT_EQ(read_back("a\xE2\x82"), "a" + one + one);
    EXPECT_EQ(read_back("\xE2\x82z"), one + one + "z");
    EXPECT_EQ(read_back("\xFF\xFE"), one + one);
}

TEST(JsonText, WritesValidJsonForEveryPairOfBytes) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            boost::json::error_code error;
            boost::json::parse(json_string(text), error);
            ASSERT_FALSE(error) << first << " " << second;
        }
    }
}

}  // namespace
}  // namespace weir

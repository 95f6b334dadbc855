#include "http/strict.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/heads.hpp"

namespace weir::http {
namespace {

ParseStatus status_of(std::string_view text, bool is_request) {
    HeadLines lines;
    FieldTable fields;
    return scan_head(text, {}, is_request, lines, fields).status;
}

// The scan reads several bytes at a time: every byte must be found at every offset, within a word and after the last.
TEST(ScanHead, FindsEveryControlByteAtEveryOffset) {
    const std::string line = "X-Name: 0123456789ab";
    ASSERT_EQ(line.size(), 20U);
    for (int value = 0; value < 256; ++value) {
        const char byte = static_cast<char>(value);
        const bool is_control = (value < 0x20 && byte != '\t') || value == 0x7F;
        for (std::size_t offset = 1; offset < line.size(); ++offset) {
            std::string text = "GET / HTTP/1.1\r\n" + line + "\r\n\r\n";
            text[16 + offset] = byte;
            const bool is_refused = status_of(text, true) == ParseStatus::refused;
            EXPECT_EQ(is_refused, is_control) << "byte " << value << " at " << offset;
        }
    }
}

// A byte with its high bit set next to a control byte must not hide it from the arithmetic.
TEST(ScanHead, FindsAControlByteAmongBytesOfAnyKind) {
    for (const char neighbour : {'\x20', '\x7E', '\x80', '\x9F', '\xFF'}) {
        for (const char control : {'\x00', '\x01', '\x1F', '\x7F'}) {
            for (std::size_t offset = 0; offset < 16; ++offset) {
                std::string value(16, neighbour);
                value[offset] = control;
                const std::string text = "GET / HTTP/1.1\r\nX: " + value + "\r\n\r\n";
                EXPECT_EQ(status_of(text, true), ParseStatus::refused) << offset;
            }
        }
    }
}

TEST(ScanHead, RefusesAControlByteBeforeItsLineEnds) {
    EXPECT_EQ(status_of(std::string_view("GET /\0", 6), true), ParseStatus::refused);
    EXPECT_EQ(status_of("GET / HTTP/1.1\rX", true), ParseStatus::refused);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r", true), ParseStatus::need_more);
}

TEST(ScanHead, RefusesAnEmptyLineBeforeAResponse) {
    EXPECT_EQ(status_of("\r\nHTTP/1.1 200 OK\r\n\r\n", false), ParseStatus::refused);
}

TEST(ScanHead, SeparatesItsLines) {
    const std::string_view text = "\r\nGET / HTTP/1.1\r\nA:b\r\nC-d:\t e f \r\n\r\nX: 1\r\n";
    HeadLines lines;
    FieldTable fields;
    const ParseResult result = scan_head(text, {}, true, lines, fields);
    EXPECT_EQ(result.status, ParseStatus::complete);
    EXPECT_EQ(text.substr(result.consumed), "X: 1\r\n");
    EXPECT_EQ(lines.start, "GET / HTTP/1.1");
    EXPECT_FALSE(lines.malformed_field);
    EXPECT_EQ(test::names_and_values(fields), (test::NamesAndValues{{"A", "b"}, {"C-d", "e f"}}));
}

TEST(ScanHead, ReportsAFieldWithoutANameOrAColon) {
    for (const std::string_view line : {"X", "X ", ": 1", "X : 1", "X\t: 1", "X Y: 1", "X(: 1", "\xC3\xA4: 1"}) {
        HeadLines lines;
        FieldTable fields;
        const std::string text = test::head_of({"GET / HTTP/1.1", line, "Y: 1"});
        EXPECT_EQ(scan_head(text, {}, true, lines, fields).status, ParseStatus::complete);
        EXPECT_TRUE(lines.malformed_field) << line;
    }
}

TEST(ParseLength, AcceptsOnlyDigits) {
    EXPECT_EQ(parse_length("0"), 0U);
    EXPECT_EQ(parse_length("18446744073709551615"), 18446744073709551615U);
    for (const auto* text :
         {"", "+1", "-1", " 1", "1 ", "0x1", "1,1", "18446744073709551616", "99999999999999999999999"}) {
        EXPECT_FALSE(parse_length(text)) << text;
    }
}

TEST(Authority, IsAHostWithAnOptionalPort) {
    for (const auto* text : {"a", "a.b-c_d~e", "1.2.3.4:5", "[::1]", "[2001:db8::1]:443", "a:00080"}) {
        EXPECT_TRUE(is_valid_authority(text)) << text;
    }
    for (const auto* text : {"", ":80", "a:", "a:-1", "a:80:80", "[", "[]x", "[::1]80", "[::g]", "a%41", "a b", "a\tb",
                             "a/", "@a", "\xC3\xA4", "a:65536", "a:99999999999999999999"}) {
        EXPECT_FALSE(is_valid_authority(text)) << text;
    }
    EXPECT_FALSE(is_valid_authority(std::string(256, 'a')));
    EXPECT_FALSE(is_valid_authority(std::string_view("[::\0]", 5)));
}

TEST(Token, IsNeverEmptyAndHasNoDelimiter) {
    EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
    EXPECT_FALSE(is_token(""));
    for (const char c : std::string_view("\"(),/:;<=>?@[\\]{} \t\0\x7F\x80", 22)) {
        EXPECT_FALSE(is_token(std::string_view(&c, 1))) << c;
    }
}

}  // namespace
}  // namespace weir::http

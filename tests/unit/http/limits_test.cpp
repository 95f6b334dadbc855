#include <gtest/gtest.h>

#include "http/head.hpp"
#include "support/heads.hpp"

namespace weir::http {
namespace {

Reason refusal_of(std::string_view text, const HeadLimits& limits = {}) {
    RequestHead head;
    const ParseResult result = parse_request(text, limits, head);
    EXPECT_EQ(result.status, ParseStatus::refused);
    return result.reason;
}

ParseStatus status_of(std::string_view text, const HeadLimits& limits) {
    RequestHead head;
    return parse_request(text, limits, head).status;
}

std::string with_fields(std::size_t count) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) text += "X: 1\r\n";
    return text + "\r\n";
}

TEST(HeadLimits, AcceptAHeadThatJustFits) {
    const std::string text = test::post_with("X: " + std::string(1000, 'x') + "\r\n");
    EXPECT_EQ(status_of(text, {.bytes = text.size()}), ParseStatus::complete);
    EXPECT_EQ(status_of(with_fields(10), {.fields = 10}), ParseStatus::complete);
    EXPECT_EQ(status_of(with_fields(100), {}), ParseStatus::complete);
}

TEST(HeadLimits, RefuseALargeHeadBeforeItEnds) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(128 * 1024, 'x');
    EXPECT_EQ(refusal_of(text), Reason::head_too_large);
    EXPECT_EQ(refusal_of(text.substr(0, HeadLimits{}.bytes)), Reason::head_too_large);
    EXPECT_EQ(status_of(text.substr(0, HeadLimits{}.bytes - 1), {}), ParseStatus::need_more);
}

TEST(HeadLimits, CountTheEmptyLine) {
    const std::string text = test::post_with("X: y\r\n");
    EXPECT_EQ(refusal_of(text, {.bytes = text.size() - 1}), Reason::head_too_large);
    EXPECT_EQ(refusal_of(text, {.bytes = text.size() - 2}), Reason::head_too_large);
}

TEST(HeadLimits, AcceptTheLongestRequestLineHoweverItIsSplit) {
    constexpr std::size_t kTarget = 100;
    const std::string line = "GET /" + std::string(kTarget + 64 - 14, 'a') + " HTTP/1.1";
    ASSERT_EQ(line.size(), kTarget + 64);
    const std::string text = line + "\r\nHost: a\r\n\r\n";
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_EQ(status_of(text.substr(0, size), {.target = kTarget}), ParseStatus::need_more) << size;
    }
    EXPECT_EQ(status_of(text, {.target = kTarget}), ParseStatus::complete);
}

TEST(HeadLimits, RefuseACompleteHeadThatIsTooLarge) {
    EXPECT_EQ(refusal_of(test::post_with("X: " + std::string(64 * 1024, 'x') + "\r\n")), Reason::head_too_large);
}

TEST(HeadLimits, RefuseTooManyFieldsBeforeTheHeadEnds) {
    EXPECT_EQ(refusal_of(with_fields(101)), Reason::head_too_large);
    const std::string many = with_fields(6000);
    EXPECT_EQ(refusal_of(std::string_view(many).substr(0, 20'000)), Reason::head_too_large);
}

TEST(HeadLimits, NeverAllowMoreFieldsThanTheTableHolds) {
    EXPECT_EQ(status_of(with_fields(FieldTable::kCapacity), {.fields = 1000}), ParseStatus::complete);
    EXPECT_EQ(refusal_of(with_fields(FieldTable::kCapacity + 1), {.fields = 1000}), Reason::head_too_large);
}

TEST(HeadLimits, RefuseALongTargetWithItsOwnReason) {
    const std::string line = "GET /" + std::string(9000, 'x');
    EXPECT_EQ(refusal_of(line), Reason::target_too_long);
    EXPECT_EQ(refusal_of(line + " HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::target_too_long);
    EXPECT_EQ(refusal_of("GET /" + std::string(200 * 1024, 'x')), Reason::target_too_long);
}

TEST(HeadLimits, AcceptATargetOfExactlyTheLimit) {
    const std::string text = "OPTIONS /" + std::string(8191, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(status_of(text, {}), ParseStatus::complete);
}

TEST(HeadLimits, BoundResponses) {
    ResponseHead head;
    const std::string text = test::answer_with("X: " + std::string(256 * 1024, 'x') + "\r\n");
    EXPECT_EQ(parse_response(text, {}, false, head).status, ParseStatus::refused);
    EXPECT_EQ(parse_response(std::string_view(text).substr(0, 64 * 1024), {}, false, head).status,
              ParseStatus::refused);
}

}  // namespace
}  // namespace weir::http

#include "http/body.hpp"

#include <gtest/gtest.h>

#include "support/bodies.hpp"

namespace weir::http {
namespace {

using namespace std::string_view_literals;
using test::read_body;
using test::ReadBody;

constexpr std::string_view kTwoChunks = "5;a=b\r\nhello\r\n00A\r\n, world!!\n\r\n0\r\nX-Trailer: 1\r\n\r\n";

ReadBody read_chunked(std::string_view bytes) { return read_body(BodyReader(Framing::chunked, 0), {bytes}); }

TEST(BodyReader, RemovesTheChunkFraming) {
    const ReadBody body = read_chunked(kTwoChunks);
    EXPECT_TRUE(body.done);
    EXPECT_EQ(body.content, "hello, world!!\n");
    EXPECT_EQ(body.consumed, kTwoChunks.size());
    EXPECT_EQ(body.counted, body.content.size());
}

TEST(BodyReader, GivesTheSameResultWhereverTheInputIsSplit) {
    for (std::size_t at = 0; at <= kTwoChunks.size(); ++at) {
        const ReadBody body =
            read_body(BodyReader(Framing::chunked, 0), {kTwoChunks.substr(0, at), kTwoChunks.substr(at)});
        EXPECT_TRUE(body.done) << at;
        EXPECT_EQ(body.content, "hello, world!!\n") << at;
    }
}

TEST(BodyReader, IsNotDoneBeforeItsLastByte) {
    for (std::size_t size = 0; size < kTwoChunks.size(); ++size) {
        const ReadBody body = read_chunked(kTwoChunks.substr(0, size));
        EXPECT_FALSE(body.done || body.failed) << size;
        EXPECT_EQ(body.consumed, size);
    }
}

TEST(BodyReader, DoesNotConsumeWhatFollowsTheBody) {
    EXPECT_EQ(read_chunked("0\r\n\r\nGET /").consumed, 5U);
    const ReadBody body = read_body(BodyReader(Framing::length, 3), {"abcGET /"});
    EXPECT_TRUE(body.done);
    EXPECT_EQ(body.content, "abc");
    EXPECT_EQ(body.consumed, 3U);
}

// Checklist 6. Sizes that some reader takes for another, and invalid line endings.
TEST(BodyReader, RefusesMalformedChunks) {
    for (const auto bytes : {"0x5\r\nhello\r\n"sv,
                             "+5\r\nhello\r\n"sv,
                             " 5\r\nhello\r\n"sv,
                             "-1\r\n"sv,
                             "5 \r\nhello\r\n"sv,
                             "5\t\r\nhello\r\n"sv,
                             "00000000000000005\r\nhello\r\n"sv,
                             "FFFFFFFFFFFFFFFFF\r\n"sv,
                             "\r\nhello\r\n"sv,
                             ";a\r\nhello\r\n"sv,
                             "g\r\n"sv,
                             "5x\r\nhello\r\n"sv,
                             "5\nhello\r\n"sv,
                             "5\r\nhello\n"sv,
                             "5\r\nhelloX\r\n"sv,
                             "5\r\nhello!\r\n"sv,
                             "5\rhello\r\n"sv,
                             "5\r\r\nhello\r\n"sv,
                             "5;a\nb\r\nhello\r\n"sv,
                             "5;a\rb\r\nhello\r\n"sv,
                             "5;\0\r\nhello\r\n"sv,
                             "5;a=\"\n\"\r\nhello\r\n"sv,
                             "5\0\r\nhello\r\n"sv,
                             "0\n\r\n"sv,
                             "0\r\n\n"sv,
                             "0\r\n\rX"sv,
                             "5,\r\nhello\r\n"sv,
                             "5 ;a\r\nhello\r\n"sv}) {
        EXPECT_TRUE(read_chunked(bytes).failed) << bytes;
    }
}

TEST(BodyReader, RefusesMalformedTrailers) {
    for (const auto bytes :
         {"0\r\nX: a\nY: b\r\n\r\n"sv, "0\r\nX: a\rb\r\n\r\n"sv, "0\r\n X: a\r\n\r\n"sv, "0\r\n\tX: a\r\n\r\n"sv,
          "0\r\nX: \0\r\n\r\n"sv, "0\r\nX: a\r\n b\r\n\r\n"sv, "0\r\n\x01\r\n\r\n"sv}) {
        EXPECT_TRUE(read_chunked(bytes).failed) << bytes;
    }
}

TEST(BodyReader, ConsumesNothingOfABrokenPiece) {
    const ReadBody body = read_chunked("3\r\nabc\r\nXGET / HTTP/1.1");
    EXPECT_TRUE(body.failed);
    EXPECT_EQ(body.content, "abc");
    EXPECT_EQ(body.consumed, 8U);
}

TEST(BodyReader, ReadsTheLargestSize) {
    BodyReader reader(Framing::chunked, 0);
    const std::string_view bytes = "FFFFFFFFFFFFFFFF\r\nabc";
    const auto piece = reader.next(bytes);
    EXPECT_EQ(piece.content, "abc");
    EXPECT_FALSE(piece.failed);
}

TEST(BodyReader, BoundsExtensionsOverTheWholeMessage) {
    const std::string extension(4000, 'x');
    EXPECT_FALSE(read_chunked("1;" + extension + "\r\na\r\n").failed);
    EXPECT_TRUE(read_chunked("1;" + extension + "\r\na\r\n1;" + extension + "\r\na\r\n").failed);
    EXPECT_TRUE(read_chunked("1;" + extension + extension).failed);
}

TEST(BodyReader, BoundsTrailers) {
    const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
    EXPECT_TRUE(read_chunked("0\r\n" + line + line + line + "\r\n").done);
    EXPECT_TRUE(read_chunked("0\r\n" + line + line + line + line + line).failed);
}

// Checklist 7: nothing in a trailer is content.
TEST(BodyReader, DropsTrailers) {
    const ReadBody body = read_chunked("1\r\na\r\n0\r\nX-Weir-Class: top\r\nContent-Length: 9\r\n\r\n");
    EXPECT_TRUE(body.done);
    EXPECT_EQ(body.content, "a");
}

TEST(BodyReader, CountsALengthDown) {
    BodyReader reader(Framing::length, 5);
    EXPECT_FALSE(reader.done());
    EXPECT_EQ(reader.next("he").content, "he");
    EXPECT_EQ(reader.next("").consumed, 0U);
    const auto last = reader.next("llo!");
    EXPECT_EQ(last.content, "llo");
    EXPECT_TRUE(last.done);
    EXPECT_EQ(reader.content_bytes(), 5U);
    EXPECT_EQ(reader.next("!").consumed, 0U);
}

TEST(BodyReader, IsDoneAtOnceWhenThereIsNoBody) {
    EXPECT_TRUE(BodyReader().done());
    EXPECT_TRUE(BodyReader(Framing::none, 7).done());
    EXPECT_TRUE(BodyReader(Framing::length, 0).done());
    EXPECT_TRUE(BodyReader().next("x").done);
}

TEST(BodyReader, EndsAtTheCloseOnlyWithoutAnotherFraming) {
    BodyReader open(Framing::until_close, 0);
    EXPECT_EQ(open.next("abc").content, "abc");
    EXPECT_FALSE(open.done());
    EXPECT_TRUE(open.ends_at_close());
    EXPECT_FALSE(BodyReader(Framing::length, 1).ends_at_close());
    EXPECT_FALSE(BodyReader(Framing::chunked, 0).ends_at_close());
    EXPECT_TRUE(BodyReader().ends_at_close());
}

}  // namespace
}  // namespace weir::http

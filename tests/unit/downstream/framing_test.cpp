#include "downstream/transfer/framing.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "support/bodies.hpp"

namespace weir::downstream {
namespace {

TEST(ChunkSize, IsHexAndALineEnd) {
    EXPECT_EQ(ChunkSize(0).text(), "0\r\n");
    EXPECT_EQ(ChunkSize(9).text(), "9\r\n");
    EXPECT_EQ(ChunkSize(16).text(), "10\r\n");
    EXPECT_EQ(ChunkSize(0xABCDEF).text(), "abcdef\r\n");
    EXPECT_EQ(ChunkSize(SIZE_MAX).text(), "ffffffffffffffff\r\n");
}

TEST(ChunkSize, IsReadBackByOurOwnReader) {
    for (const std::size_t size : {1U, 15U, 16U, 255U, 4096U, 65536U}) {
        const std::string content(size, 'x');
        std::string bytes(ChunkSize(size).text());
        bytes.append(content).append("\r\n").append(kLastChunk);
        const auto body = test::read_body(http::BodyReader(http::Framing::chunked, 0), {bytes});
        EXPECT_TRUE(body.done);
        EXPECT_EQ(body.content, content);
    }
}

}  // namespace
}  // namespace weir::downstream

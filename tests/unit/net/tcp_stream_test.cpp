#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "net/byte_stream.hpp"
#include "support/loop.hpp"
#include "support/sockets.hpp"

namespace weir::net {
namespace {

using test::LoopTest;

class TcpStreamTest : public LoopTest {
protected:
    std::string read(ByteStream& stream, std::size_t size = 16) {
        std::string bytes(size, '\0');
        last = stream.try_read(bytes);
        bytes.resize(last.bytes);
        return bytes;
    }
    IoResult write(ByteStream& stream, std::string_view bytes) {
        const iovec part = as_part(bytes);
        return stream.try_write({&part, 1});
    }
    // Lets the loop process events until `holds`.
    template <typename Condition>
    void look(ByteStream& stream, Condition holds) {
        Waker waker(loop);
        stream.source().set_waker(&waker);
        run(test::until(waker, holds));
        stream.source().set_waker(nullptr);
    }

    IoResult last;
};

TEST_F(TcpStreamTest, AShortReadClearsReadiness) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    pair.far.send("abc");
    EXPECT_EQ(read(*stream), "abc");
    EXPECT_FALSE(stream->source().ready.readable);
    EXPECT_EQ(read(*stream), "");
    EXPECT_EQ(last.status, IoStatus::would_block);
}

TEST_F(TcpStreamTest, AFullReadMayHaveLeftMore) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    pair.far.send("abc");
    EXPECT_EQ(read(*stream, 3), "abc");
    EXPECT_TRUE(stream->source().ready.readable);
    read(*stream);
    EXPECT_EQ(last.status, IoStatus::would_block);
    EXPECT_FALSE(stream->source().ready.readable);
}

TEST_F(TcpStreamTest, ReadsOnWhenTheLoopReportsMore) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    read(*stream);
    EXPECT_EQ(last.status, IoStatus::would_block);
    pair.far.send("abc");
    look(*stream, [&] { return stream->source().ready.readable; });
    EXPECT_EQ(read(*stream), "abc");
}

TEST_F(TcpStreamTest, ReadsWhatCameBeforeAFinAndThenTheEnd) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    pair.far.send("abc");
    ::shutdown(pair.far.get(), SHUT_WR);
    look(*stream, [&] { return stream->source().ready.peer_closed; });
    EXPECT_EQ(read(*stream), "abc");
    EXPECT_TRUE(stream->source().ready.readable);
    EXPECT_EQ(read(*stream), "");
    EXPECT_EQ(last.status, IoStatus::eof);
}

TEST_F(TcpStreamTest, NoticesAFinThatComesAfterAShortRead) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    pair.far.send("abc");
    EXPECT_EQ(read(*stream), "abc");
    EXPECT_FALSE(stream->source().ready.readable);
    ::shutdown(pair.far.get(), SHUT_WR);
    look(*stream, [&] { return stream->source().ready.readable; });
    read(*stream);
    EXPECT_EQ(last.status, IoStatus::eof);
    EXPECT_EQ(write(*stream, "x").status, IoStatus::ok);
}

TEST_F(TcpStreamTest, StopsWritingWhenThePeerDoesNotRead) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    const std::string block(64 * 1024, 'x');
    std::size_t written = 0;
    IoResult result;
    while ((result = write(*stream, block)).status == IoStatus::ok) written += result.bytes;
    EXPECT_EQ(result.status, IoStatus::would_block);
    EXPECT_FALSE(stream->source().ready.writable);
    while (written > 0) written -= pair.far.receive().size();
    look(*stream, [&] { return stream->source().ready.writable; });
    EXPECT_EQ(write(*stream, "x").status, IoStatus::ok);
}

TEST_F(TcpStreamTest, WritesPartsInOrderAndAtMostSixteen) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    std::string letters = "abcdefghijklmnopqrst";
    std::vector<iovec> parts;
    for (char& letter : letters) parts.push_back({&letter, 1});
    EXPECT_EQ(stream->try_write(parts).bytes, 16U);
    EXPECT_EQ(pair.far.receive(), letters.substr(0, 16));
}

// Few bytes are joined before they are sent, many are gathered by the kernel.
TEST_F(TcpStreamTest, WritesAnyNumberOfBytesInOrder) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    for (const std::size_t size : {1U, 2000U, 4093U, 4094U, 4095U, 9000U}) {
        std::string letters;
        for (std::size_t i = 0; i < size; ++i) letters.push_back(static_cast<char>('a' + i % 26));
        const std::array<iovec, 4> parts{as_part("A"), as_part(""), as_part("B"), as_part(letters)};
        ASSERT_EQ(stream->try_write(parts).bytes, size + 2);
        std::string received;
        while (received.size() < size + 2) received += pair.far.receive();
        EXPECT_EQ(received, "AB" + letters) << size;
    }
}

TEST_F(TcpStreamTest, FailsToWriteToAPeerThatIsGone) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    pair.far.close();
    EXPECT_EQ(write(*stream, "x").status, IoStatus::failed);
}

TEST_F(TcpStreamTest, KeepsReadingAfterShuttingDownItsWrites) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    stream->shutdown_write();
    EXPECT_EQ(write(*stream, "x").status, IoStatus::failed);
    char byte = 0;
    EXPECT_EQ(::recv(pair.far.get(), &byte, 1, 0), 0);
    pair.far.send("abc");
    EXPECT_EQ(read(*stream), "abc");
}

TEST_F(TcpStreamTest, AbortingResets) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    ASSERT_EQ(write(*stream, "half an answer").status, IoStatus::ok);
    stream->abort();
    char byte = 0;
    ssize_t got = 0;
    do got = ::recv(pair.far.get(), &byte, 1, 0);
    while (got > 0);
    EXPECT_LT(got, 0) << "a clean end instead of a reset";
    EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(TcpStreamTest, IsUnusableOnceAborted) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    stream->abort();
    read(*stream);
    EXPECT_EQ(last.status, IoStatus::failed);
    EXPECT_EQ(write(*stream, "x").status, IoStatus::failed);
    EXPECT_EQ(stream->try_handshake(), IoStatus::failed);
    stream->shutdown_write();
    stream->abort();
}

TEST_F(TcpStreamTest, FailsToReadFromAPeerThatReset) {
    auto pair = test::tcp_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    make_tcp_stream(loop, pair.far.release())->abort();
    read(*stream);
    EXPECT_EQ(last.status, IoStatus::failed);
}

TEST_F(TcpStreamTest, IsPlainAndReadyAtOnce) {
    auto pair = test::unix_pair();
    const auto stream = make_tcp_stream(loop, pair.near.release());
    EXPECT_FALSE(stream->secure());
    EXPECT_EQ(stream->try_handshake(), IoStatus::ok);
}

}  // namespace
}  // namespace weir::net

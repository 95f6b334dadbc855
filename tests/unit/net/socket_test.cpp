#include "net/socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <filesystem>

#include "support/sockets.hpp"

namespace weir::net {
namespace {

using test::Descriptor;
using testing::HasSubstr;

TEST(ListenOn, BoundsTheKernelsBufferForAClientThatReadsNothing) {
    const auto [client, server] = test::tcp_pair();
    const std::string block(64 * 1024, 'x');
    std::size_t taken = 0;
    for (ssize_t sent = 0;
         sent >= 0 && taken<64 * block.size(); taken += sent> 0 ? static_cast<std::size_t>(sent) : 0) {
        sent = ::send(server.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    // What the client's own kernel has accepted, and at most 128 KiB more.
    int unread = 0;
    ASSERT_EQ(::ioctl(client.get(), FIONREAD, &unread), 0);
    EXPECT_LE(taken, static_cast<std::size_t>(unread) + 4 * 128 * 1024);
    EXPECT_LT(taken, 64 * block.size());
    int bound = 0;
    socklen_t size = sizeof bound;
    ASSERT_EQ(::getsockopt(server.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bound, &size), 0);
    EXPECT_EQ(bound, 128 * 1024);
}

TEST(SocketAddress, RoundTrips) {
    for (const auto& [text, shown] :
         {std::pair("127.0.0.1", "127.0.0.1:80"), std::pair("::1", "[::1]:80"),
          std::pair("2001:db8::2", "[2001:db8::2]:80"), std::pair("0.0.0.0", "0.0.0.0:80")}) {
        const auto ip = IpAddress::parse(text).value();
        const auto address = SocketAddress::of(ip, 80);
        EXPECT_EQ(address.ip(), ip);
        EXPECT_EQ(address.port(), 80);
        EXPECT_EQ(address.to_string(), shown);
    }
}

TEST(SocketAddress, IsUnspecifiedUnlessItIsIp) {
    EXPECT_EQ(SocketAddress{}.port(), 0);
    EXPECT_EQ(SocketAddress{}.ip(), IpAddress{});
}

TEST(ListenOn, LetsTheKernelPickAPort) {
    const Descriptor listener = test::loopback_listener();
    EXPECT_NE(local_address(listener.get()).port(), 0);
    EXPECT_NE(::fcntl(listener.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(ListenOn, SharesAPortOnlyWhenAsked) {
    const Descriptor first(listen_on({"127.0.0.1", 0, {}}, true).value());
    const std::uint16_t port = local_address(first.get()).port();
    const Descriptor second(listen_on({"127.0.0.1", port, {}}, true).value());
    const auto refused = listen_on({"127.0.0.1", port, {}}, false);
    ASSERT_TRUE(refused.has_error());
    EXPECT_THAT(refused.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

TEST(ListenOn, NamesTheAddressThatCannotBeUsed) {
    EXPECT_THAT(listen_on({"localhost", 80, {}}, false).error().message, HasSubstr("'localhost'"));
    EXPECT_THAT(listen_on({"192.0.2.1", 1, {}}, false).error().message, HasSubstr("192.0.2.1:1"));
    const std::string long_path(200, 'x');
    EXPECT_THAT(listen_on({{}, 0, long_path}, false).error().message, HasSubstr(long_path));
    EXPECT_THAT(listen_on({{}, 0, "/nonexistent/socket"}, false).error().message,
                HasSubstr("unix:/nonexistent/socket"));
}

TEST(ListenOn, ReplacesAStaleUnixSocketAndNothingElse) {
    std::string folder = (std::filesystem::temp_directory_path() / "weir-socket-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const std::string path = folder + "/s";
    { const Descriptor stale(listen_on({{}, 0, path}, false).value()); }
    ASSERT_TRUE(std::filesystem::is_socket(path));
    const Descriptor fresh(listen_on({{}, 0, path}, false).value());
    EXPECT_EQ(local_address(fresh.get()).to_string(), "unix:" + path);
    std::filesystem::create_directory(folder + "/not-a-socket");
    EXPECT_TRUE(listen_on({{}, 0, folder + "/not-a-socket"}, false).has_error());
    EXPECT_TRUE(std::filesystem::is_directory(folder + "/not-a-socket"));
    std::filesystem::remove_all(folder);
}

TEST(StartConnect, ReachesAListener) {
    const auto pair = test::tcp_pair();
    EXPECT_EQ(connect_error(pair.near.get()), 0);
    EXPECT_EQ(local_address(pair.near.get()).ip(), IpAddress::parse("127.0.0.1"));
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    ASSERT_EQ(getsockopt(pair.near.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
}

TEST(StartConnect, ReportsWhyItFailed) {
    Descriptor listener = test::loopback_listener();
    const SocketAddress address = local_address(listener.get());
    listener.close();
    const Descriptor refused(start_connect(address));
    EXPECT_EQ(refused.get() < 0 ? errno : connect_error(refused.get()), ECONNREFUSED);
}

TEST(UnacknowledgedBytes, TellACloseBeforeReadingFromOneAfterwards) {
    auto unread = test::tcp_pair();
    unread.far.close();
    unread.near.send("too late");
    EXPECT_EQ(unread.near.receive(), "");
    EXPECT_EQ(unacknowledged_bytes(unread.near.get()), 8);

    auto read = test::tcp_pair();
    read.near.send("in time");
    EXPECT_EQ(read.far.receive(), "in time");
    read.far.close();
    EXPECT_EQ(read.near.receive(), "");
    EXPECT_EQ(unacknowledged_bytes(read.near.get()), 0);
}

}  // namespace
}  // namespace weir::net

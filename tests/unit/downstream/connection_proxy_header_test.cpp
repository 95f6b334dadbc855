// Connections of a balancer that says with the PROXY protocol whom it carries.

#include <gtest/gtest.h>

#include "support/sockets.hpp"
#include "unit/downstream/connection_bed.hpp"

namespace weir::downstream {
namespace {

using telemetry::ConnectionRefusal;
using test::ConnectionBed;
using namespace std::chrono_literals;

class ConnectionProxyHeader : public testing::Test {
protected:
    ConnectionProxyHeader() {
        bed.routing->listeners[0].config.proxy_protocol =
            ProxyProtocolConfig{.from = {IpNetwork::parse("198.51.100.0/24").value()}};
    }
    // The header itself is read from the socket, before any stream is.
    void accept(const char* from = "198.51.100.1") {
        pair = test::unix_pair();
        bed.accept(IpAddress::parse(from).value(), pair.near.release());
    }
    void wake() {
        bed.last->waker.wake();
        bed.settle();
    }

    test::SocketPair pair;
    ConnectionBed bed;
};

TEST_F(ConnectionProxyHeader, SaysWhoTheClientIs) {
    accept();
    pair.far.send("PROXY TCP4 192.0.2.7 203.0.113.1 1234 443\r\n");
    wake();
    EXPECT_TRUE(bed.is_open());
    EXPECT_EQ(bed.last->peer, IpAddress::parse("192.0.2.7").value());
    EXPECT_EQ(bed.last->peer_text, "192.0.2.7");
    EXPECT_TRUE(bed.recorder.refusals.empty());
}

TEST_F(ConnectionProxyHeader, IsWaitedForUntilItsTimeIsOver) {
    accept();
    pair.far.send("PROXY TCP4 192.0");
    wake();
    EXPECT_TRUE(bed.is_open());
    bed.wait();
    EXPECT_EQ(bed.elapsed(), bed.limits().header_timeout);
    EXPECT_FALSE(bed.is_open());
    EXPECT_EQ(bed.recorder.refusals, std::vector{ConnectionRefusal::no_proxy_header});
}

TEST_F(ConnectionProxyHeader, IsMissedAtOnceWhereSomethingElseComes) {
    accept();
    pair.far.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wake();
    EXPECT_FALSE(bed.is_open());
    EXPECT_EQ(bed.sent, "") << "who speaks another protocol could not read it";
    EXPECT_EQ(bed.recorder.refusals, std::vector{ConnectionRefusal::no_proxy_header});
}

TEST_F(ConnectionProxyHeader, IsAskedOfNobodyElse) {
    accept("192.0.2.1");
    EXPECT_TRUE(bed.is_open());
    EXPECT_EQ(bed.last->timer.when(), bed.began + bed.limits().idle_timeout);
}

}  // namespace
}  // namespace weir::downstream

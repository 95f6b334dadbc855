#include "downstream/shared/client_connections.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(ClientConnections, HoldsEachClientToItsBound) {
    ClientConnections clients;
    EXPECT_TRUE(clients.take(ip("192.0.2.1"), 2));
    EXPECT_TRUE(clients.take(ip("192.0.2.1"), 2));
    EXPECT_FALSE(clients.take(ip("192.0.2.1"), 2));
    EXPECT_TRUE(clients.take(ip("192.0.2.2"), 2));
    clients.give_back(ip("192.0.2.1"));
    EXPECT_TRUE(clients.take(ip("192.0.2.1"), 2));
}

TEST(ClientConnections, TakesAnIpv6NetworkForOneClient) {
    ClientConnections clients;
    EXPECT_TRUE(clients.take(ip("2001:db8:0:1::1"), 1));
    EXPECT_FALSE(clients.take(ip("2001:db8:0:1:ffff::2"), 1));
    EXPECT_TRUE(clients.take(ip("2001:db8:0:2::1"), 1));
}

TEST(ClientConnections, ForgetsWhoHasNone) {
    ClientConnections clients;
    EXPECT_TRUE(clients.take(ip("192.0.2.1"), 1));
    EXPECT_FALSE(clients.take(ip("192.0.2.1"), 1));
    EXPECT_EQ(clients.clients(), 1U);
    clients.give_back(ip("192.0.2.1"));
    EXPECT_EQ(clients.clients(), 0U);
}

}  // namespace
}  // namespace weir::downstream

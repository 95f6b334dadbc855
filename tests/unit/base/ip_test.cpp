#include "base/ip.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

TEST(IpAddress, ReadsBothFamiliesAndNothingElse) {
    EXPECT_EQ(IpAddress::parse("203.0.113.9")->to_string(), "203.0.113.9");
    EXPECT_EQ(IpAddress::parse("2001:db8::1")->to_string(), "2001:db8::1");
    for (const auto* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "::1%eth0", "[::1]", "1.2.3.256"}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, TreatsMappedIpv4AsIpv4) {
    EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), IpAddress::parse("10.0.0.1"));
    EXPECT_TRUE(IpAddress::parse("::ffff:10.0.0.1")->is_v4());
}

TEST(IpNetwork, ContainsExactlyItsPrefix) {
    const auto network = IpNetwork::parse("17.0.0.0/8").value();
    EXPECT_TRUE(network.contains(IpAddress::parse("17.255.0.1").value()));
    EXPECT_FALSE(network.contains(IpAddress::parse("18.0.0.0").value()));
    EXPECT_FALSE(network.contains(IpAddress::parse("2001:db8::1").value()));
    const auto odd = IpNetwork::parse("192.0.2.128/25").value();
    EXPECT_TRUE(odd.contains(IpAddress::parse("192.0.2.200").value()));
    EXPECT_FALSE(odd.contains(IpAddress::parse("192.0.2.127").value()));
}

TEST(IpNetwork, ThePrefixOfLengthZeroContainsIpv6AndMappedIpv4) {
    const auto network = IpNetwork::parse("::/0").value();
    EXPECT_TRUE(network.contains(IpAddress::parse("2001:db8::1").value()));
}

TEST(IpNetworks, ContainAnAddressThatAnyOfThemContains) {
    const std::vector<IpNetwork> networks{IpNetwork::parse("10.0.0.0/8").value(), IpNetwork::parse("fd00::/8").value()};
    for (const auto* text : {"10.1.2.3", "::ffff:10.1.2.3", "fd00::1"}) {
        EXPECT_TRUE(contains_any(networks, IpAddress::parse(text).value())) << text;
    }
    for (const auto* text : {"11.0.0.0", "fe00::1", "::10.1.2.3"}) {
        EXPECT_FALSE(contains_any(networks, IpAddress::parse(text).value())) << text;
    }
    EXPECT_FALSE(contains_any({}, IpAddress::parse("10.1.2.3").value()));
}

TEST(IpNetwork, RefusesHostBitsAndBadLengths) {
    for (const auto* text :
         {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "10.0.0.0/-1", "fd00::1/8", "/8"}) {
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
    }
}

}  // namespace
}  // namespace weir

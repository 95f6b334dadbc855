#include "upstream/endpoint.hpp"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

Endpoint make(const std::string& host, std::uint16_t port, bool tls = false) {
    return Endpoint(EndpointId{3}, {"url", tls, host, port}, nullptr);
}

TEST(Endpoint, NamesItsPortOnlyWhereItIsNotTheDefault) {
    EXPECT_EQ(make("model", 80).authority(), "model");
    EXPECT_EQ(make("model", 443).authority(), "model:443");
    EXPECT_EQ(make("model", 443, true).authority(), "model");
    EXPECT_EQ(make("model", 80, true).authority(), "model:80");
    EXPECT_EQ(make("10.0.0.1", 8000).authority(), "10.0.0.1:8000");
    EXPECT_EQ(make("::1", 80).authority(), "[::1]");
    EXPECT_EQ(make("2001:db8::1", 8000).authority(), "[2001:db8::1]:8000");
}

TEST(Endpoint, KnowsALiteralAddressFromTheStart) {
    const Endpoint literal = make("::1", 8000);
    ASSERT_EQ(literal.addresses().size(), 1U);
    EXPECT_EQ(literal.addresses()[0].to_string(), "[::1]:8000");
    EXPECT_TRUE(make("model", 8000).addresses().empty());
}

TEST(Endpoint, KeepsItsAddressesWhenThereAreNoNewOnes) {
    Endpoint endpoint = make("model", 80);
    const auto first = net::SocketAddress::of(IpAddress::parse("10.0.0.1").value(), 80);
    const auto second = net::SocketAddress::of(IpAddress::parse("10.0.0.2").value(), 80);
    endpoint.set_addresses({first});
    endpoint.set_addresses({});
    ASSERT_EQ(endpoint.addresses().size(), 1U);
    endpoint.set_addresses({second, first});
    ASSERT_EQ(endpoint.addresses().size(), 2U);
    EXPECT_EQ(endpoint.addresses()[0].to_string(), "10.0.0.2:80");
}

}  // namespace
}  // namespace weir::upstream

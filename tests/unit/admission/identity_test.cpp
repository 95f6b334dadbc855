#include "admission/classify/identity.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

class IdentityTest : public testing::Test {
protected:
    static ClientsConfig clients() {
        ClientsConfig config;
        config.api_keys = {{"acme", "team", sha256("acme-secret")}, {"siri-prod", "", sha256("siri-secret")}};
        config.certificates = {{"robot", "fleet", "CN=robot,O=Example"}};
        config.trusted_proxies = {IpNetwork::parse("10.0.0.0/8").value(), IpNetwork::parse("fd00::/8").value()};
        return config;
    }
    std::string source(std::string_view peer, std::string_view forwarded_for) const {
        return identifier.identify({ip(peer), forwarded_for, {}, false}).source.to_string();
    }
    Identity keyed(std::string_view api_key, bool ambiguous = false) const {
        return identifier.identify({ip("203.0.113.9"), {}, api_key, ambiguous});
    }
    ClientKey client(std::string_view peer) const { return identifier.identify({ip(peer), {}, {}, false}).client; }

    Identifier identifier{clients(), 42};
};

TEST_F(IdentityTest, KnowsAKeyByItsDigest) {
    ASSERT_NE(keyed("acme-secret").api_key, nullptr);
    EXPECT_EQ(keyed("acme-secret").api_key->name, "acme");
    EXPECT_EQ(keyed("acme-secret ").api_key, nullptr);
    EXPECT_EQ(keyed("").api_key, nullptr);
}

TEST_F(IdentityTest, KnowsACertificateByItsWholeSubject) {
    const auto certified = [&](std::string_view subject, std::string_view key = {}) {
        return identifier.identify({ip("203.0.113.9"), {}, key, false, subject});
    };
    ASSERT_NE(certified("CN=robot,O=Example").certificate, nullptr);
    EXPECT_EQ(certified("CN=robot,O=Example").certificate->name, "robot");
    for (const char* other : {"", "CN=robot", "CN=robot,O=Example,OU=x", "O=Example,CN=robot", "cn=robot,o=example"}) {
        EXPECT_EQ(certified(other).certificate, nullptr) << other;
    }
    // A client of its own, distinct from those of keys and addresses; a key presented as well takes precedence.
    EXPECT_NE(certified("CN=robot,O=Example").client, client("203.0.113.9"));
    EXPECT_EQ(certified("CN=robot,O=Example", "acme-secret").client, keyed("acme-secret").client);
}

TEST_F(IdentityTest, TwoDifferentKeysCountAsNone) { EXPECT_EQ(keyed("acme-secret", true).api_key, nullptr); }

TEST_F(IdentityTest, BelievesOnlyTrustedProxies) {
    EXPECT_EQ(source("203.0.113.9", "17.0.0.1"), "203.0.113.9");
    EXPECT_EQ(source("10.0.0.1", "17.0.0.1"), "17.0.0.1");
    EXPECT_EQ(source("10.0.0.1", ""), "10.0.0.1");
}

TEST_F(IdentityTest, WalksFromTheRightToTheFirstUntrustedAddress) {
    EXPECT_EQ(source("10.0.0.1", "17.0.0.1, 198.51.100.7, 10.9.9.9"), "198.51.100.7");
    EXPECT_EQ(source("10.0.0.1", "10.2.2.2,fd00::1"), "10.2.2.2");
}

TEST_F(IdentityTest, StopsAtTheLastTrustedAddressBeforeAMalformedEntry) {
    EXPECT_EQ(source("10.0.0.1", "17.0.0.1, unknown, 10.9.9.9"), "10.9.9.9");
    EXPECT_EQ(source("10.0.0.1", "17.0.0.1,"), "10.0.0.1");
    EXPECT_EQ(source("10.0.0.1", "017.0.0.1"), "10.0.0.1");
}

TEST_F(IdentityTest, ReadsEntriesWithPortsAndBrackets) {
    EXPECT_EQ(parse_forwarded(" 17.0.0.1:4711\t"), ip("17.0.0.1"));
    EXPECT_EQ(parse_forwarded("[2001:db8::1]:443"), ip("2001:db8::1"));
    EXPECT_EQ(parse_forwarded("[2001:db8::1]"), ip("2001:db8::1"));
    for (const auto* text : {"", "17.0.0.1:", "17.0.0.1:http", "[17.0.0.1]", "[::1", "[::1]443", "17.0.0.1 17.0.0.2"}) {
        EXPECT_FALSE(parse_forwarded(text)) << text;
    }
}

TEST_F(IdentityTest, AClientIsAKeyElseAnIpv4AddressElseAnIpv6Network) {
    EXPECT_EQ(keyed("acme-secret").client, identifier.identify({ip("192.0.2.1"), {}, "acme-secret", false}).client);
    EXPECT_NE(keyed("acme-secret").client, keyed("siri-secret").client);
    EXPECT_NE(client("192.0.2.1"), client("192.0.2.2"));
    EXPECT_EQ(client("2001:db8:0:1::1"), client("2001:db8:0:1:ffff::2"));
    EXPECT_NE(client("2001:db8:0:1::1"), client("2001:db8:0:2::1"));
}

TEST_F(IdentityTest, ClientsCannotBePredictedWithoutTheSalt) {
    const Identifier other(clients(), 43);
    EXPECT_NE(other.identify({ip("192.0.2.1"), {}, {}, false}).client, client("192.0.2.1"));
}

}  // namespace
}  // namespace weir::admission

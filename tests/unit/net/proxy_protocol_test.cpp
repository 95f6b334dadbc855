#include "net/proxy_protocol.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::net {
namespace {

using namespace std::string_literals;
using Status = ProxyHeader::Status;

std::string source_of(const std::string& bytes) {
    const ProxyHeader header = parse_proxy_header(bytes);
    if (header.status == Status::refused) return "refused";
    if (header.status == Status::need_more) return "more";
    return header.source ? header.source->to_string() : "peer";
}

std::string binary(char command, char family, const std::string& rest) {
    std::string bytes = "\r\n\r\n\0\r\nQUIT\n"s;
    bytes += command;
    bytes += family;
    bytes += static_cast<char>(rest.size() >> 8);
    bytes += static_cast<char>(rest.size());
    return bytes + rest;
}

const std::string kV4 = binary('\x21', '\x11', "\xC0\x00\x02\x01\x0A\x00\x00\x01\x30\x39\x01\xBB"s);

TEST(ProxyProtocol, ReadsTheTextForm) {
    EXPECT_EQ(source_of("PROXY TCP4 192.0.2.1 10.0.0.1 12345 443\r\nGET /"), "192.0.2.1");
    EXPECT_EQ(source_of("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"), "2001:db8::1");
    EXPECT_EQ(source_of("PROXY UNKNOWN\r\n"), "peer");
    EXPECT_EQ(source_of("PROXY UNKNOWN ffff::1 ::1 1 2\r\n"), "peer");
    EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN\r\nGET /").size, 15U);
}

TEST(ProxyProtocol, ReadsTheBinaryForm) {
    EXPECT_EQ(source_of(kV4), "192.0.2.1");
    EXPECT_EQ(parse_proxy_header(kV4 + "GET /").size, kV4.size());
    EXPECT_EQ(source_of(binary('\x21', '\x21', std::string(15, '\0') + "\x01"s + std::string(20, '\0'))), "::1");
    // Extensions follow the addresses.
    EXPECT_EQ(source_of(binary('\x21', '\x11', kV4.substr(16) + "\x04\x00\x02xx"s)), "192.0.2.1");
    EXPECT_EQ(source_of(binary('\x20', '\x00', "")), "peer");
    EXPECT_EQ(source_of(binary('\x21', '\x00', "")), "peer");
}

TEST(ProxyProtocol, WaitsForTheWholeHeader) {
    for (const std::string& whole : {"PROXY TCP4 192.0.2.1 10.0.0.1 12345 443\r\n"s, kV4}) {
        for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(source_of(whole.substr(0, size)), "more");
    }
}

TEST(ProxyProtocol, RefusesEverythingElse) {
    for (const std::string& bytes :
         {"GET / HTTP/1.1\r\n"s, "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"s, "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"s,
          "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"s, "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"s,
          "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n"s, "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"s,
          "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"s, "PROXY TCP4 ::1 ::1 1 2\r\n"s, "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"s,
          "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"s, "PROXY " + std::string(200, 'x'), "\r\n\r\nGET"s,
          binary('\x31', '\x11', kV4.substr(16)), binary('\x22', '\x11', kV4.substr(16)),
          binary('\x21', '\x11', "short"), binary('\x21', '\x21', kV4.substr(16)),
          binary('\x21', '\x12', kV4.substr(16)), binary('\x21', '\x11', std::string(2000, '\0'))}) {
        EXPECT_EQ(source_of(bytes), "refused") << bytes;
    }
}

}  // namespace
}  // namespace weir::net

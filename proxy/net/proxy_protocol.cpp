#include "net/proxy_protocol.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace weir::net {
namespace {

using namespace std::string_view_literals;
using Status = ProxyHeader::Status;

constexpr auto kSignature1 = "PROXY "sv;
constexpr auto kSignature2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kMaxLine = 107;  // CRLF included
constexpr std::size_t kFixed2 = 16;

constexpr ProxyHeader kRefused{Status::refused, 0, std::nullopt};
constexpr ProxyHeader kNeedMore{Status::need_more, 0, std::nullopt};

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && (text.size() == 1 || text.front() != '0');
}

// `PROXY TCP4 SOURCE DESTINATION PORT PORT CRLF`, single spaces.
ProxyHeader parse_line(std::string_view bytes) {
    const std::size_t end = bytes.substr(0, kMaxLine).find("\r\n");
    if (end == std::string_view::npos) return bytes.size() >= kMaxLine ? kRefused : kNeedMore;
    std::string_view rest = bytes.substr(kSignature1.size(), end - kSignature1.size());
    const std::size_t size = end + 2;
    if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return {Status::complete, size, std::nullopt};
    std::array<std::string_view, 5> words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::size_t space = rest.find(' ');
        const bool is_last = i + 1 == words.size();
        if ((space == std::string_view::npos) != is_last) return kRefused;
        words[i] = rest.substr(0, space);
        rest.remove_prefix(is_last ? rest.size() : space + 1);
    }
    const auto source = IpAddress::parse(words[1]);
    const auto destination = IpAddress::parse(words[2]);
    const bool is_v4 = words[0] == "TCP4";
    if (!is_v4 && words[0] != "TCP6") return kRefused;
    if (!source || !destination || (is_v4 && (!source->is_v4() || !destination->is_v4()))) return kRefused;
    if (!is_port(words[3]) || !is_port(words[4])) return kRefused;
    return {Status::complete, size, source};
}

ProxyHeader parse_binary(std::string_view bytes) {
    if (bytes.size() < kFixed2) return kNeedMore;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
    const unsigned command = byte(12);
    const unsigned family = byte(13);
    const std::size_t length = byte(14) << 8 | byte(15);
    if (command != 0x20 && command != 0x21) return kRefused;
    if (kFixed2 + length > kMaxProxyHeader) return kRefused;
    if (bytes.size() < kFixed2 + length) return kNeedMore;
    ProxyHeader header{Status::complete, kFixed2 + length, std::nullopt};
    const bool is_local = command == 0x20;
    if (is_local) return header;
    const auto address = bytes.substr(kFixed2, length);
    IpAddress source;
    if (family == 0x11) {  // TCP over IPv4
        if (length < 12) return kRefused;
        source.bytes[10] = source.bytes[11] = 0xFF;
        std::copy_n(address.begin(), 4, source.bytes.begin() + 12);
        header.source = source;
    } else if (family == 0x21) {  // TCP over IPv6
        if (length < 36) return kRefused;
        std::copy_n(address.begin(), 16, source.bytes.begin());
        header.source = source;
    } else if (family != 0x00) {
        return kRefused;
    }
    return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
    for (const std::string_view signature : {kSignature1, kSignature2}) {
        const std::size_t available = std::min(bytes.size(), signature.size());
        if (bytes.substr(0, available) != signature.substr(0, available)) continue;
        if (available < signature.size()) return kNeedMore;
        return signature == kSignature1 ? parse_line(bytes) : parse_binary(bytes);
    }
    return kRefused;
}

ProxyHeader receive_proxy_header(int fd) {
    std::array<char, kMaxProxyHeader> bytes;
    const ssize_t peeked = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (peeked < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? kNeedMore : kRefused;
    if (peeked == 0) return kRefused;
    const ProxyHeader header = parse_proxy_header({bytes.data(), static_cast<std::size_t>(peeked)});
    if (header.status == Status::complete && ::recv(fd, bytes.data(), header.size, MSG_DONTWAIT) < 0) return kRefused;
    return header;
}

}  // namespace weir::net

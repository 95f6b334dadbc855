// Forms made of words: names, paths, addresses, digests.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "policy/forms/scalar.hpp"
#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

constexpr std::size_t kLongestName = 64;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool all_of(std::string_view text, std::string_view others) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [others](char c) {
        return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) { return all_of(text, "!#$%&'*+-.^_`|~"); }

bool has_control_or_space(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; });
}

struct HostPort {
    std::string host;
    std::optional<std::string_view> port;
};

// Splits `HOST`, `HOST:PORT`, `[V6]` and `[V6]:PORT`; empty when a bracket is open or a colon too many.
std::optional<HostPort> split_host_port(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        HostPort split{std::string(text.substr(1, end - 1)), {}};
        if (split.host.find(':') == std::string::npos) return std::nullopt;
        if (!rest.empty()) split.port = rest.substr(1);
        return split;
    }
    const std::size_t colon = text.find(':');
    if (colon != text.rfind(':')) return std::nullopt;
    HostPort split{std::string(text.substr(0, colon)), {}};
    if (colon != std::string_view::npos) split.port = text.substr(colon + 1);
    return split;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    if (error != std::errc{} || end != text.data() + text.size() || leading_zero) return std::nullopt;
    return port;
}

std::string with_brackets(const std::string& host) {
    return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

Fault bad_endpoint(std::string_view problem) {
    return {"bad-endpoint", fmt::format("must be an endpoint such as http://10.1.0.11:8000 ({})", problem), {}, {}};
}

}  // namespace

Reading<std::string> parse_text(std::string_view text) {
    if (text.empty()) return Fault{"missing-value", "must not be empty", {}, {}};
    return std::string(text);
}

Reading<std::string> parse_name(std::string_view text) {
    if (!all_of(text, "._-") || text.size() > kLongestName) {
        return Fault{"bad-name", "must be a name of at most 64 letters, digits, '.', '_' and '-'", {}, {}};
    }
    return std::string(text);
}

Reading<std::string> parse_model(std::string_view text) {
    if (text.empty() || has_control_or_space(text)) {
        return Fault{"bad-model", "must be the name of a model, without spaces", {}, {}};
    }
    if (text.find('*') < text.size() - 1) return Fault{"bad-model", "may have a '*' only at its end", {}, {}};
    return std::string(text);
}

Reading<std::string> parse_method(std::string_view text) {
    if (!is_token(text)) return Fault{"bad-method", "must be an HTTP method such as GET or POST", {}, {}};
    const bool lower = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!lower) return std::string(text);
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return Fault{"bad-method", "must be in capitals, as HTTP methods are", std::move(upper), {}};
}

Reading<std::string> parse_url_path(std::string_view text) {
    if (!text.starts_with('/') || has_control_or_space(text) || text.find_first_of("?#") != std::string_view::npos) {
        return Fault{"bad-path", "must be a path such as /v1/chat/completions, without a query", {}, {}};
    }
    const std::size_t star = text.find('*');
    if (star != std::string_view::npos && star + 1 != text.size()) {
        return Fault{"bad-path", "may have a '*' only as its last character", {}, {}};
    }
    return std::string(text);
}

Reading<std::string> parse_header_name(std::string_view text) {
    if (!is_token(text)) return Fault{"bad-header", "is not the name of an HTTP header", {}, {}};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

std::string print_text(const std::string& value) { return value; }

Reading<IpNetwork> parse_network(std::string_view text) {
    if (const auto network = IpNetwork::parse(text)) return *network;
    Fault fault{"bad-network", "must be a network such as 10.0.0.0/8, fd00::/8 or 10.1.2.3", {}, {}};
    // A prefix with host bits below it is a common slip: name the network it lies in.
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address || slash == std::string_view::npos) return fault;
    const auto bits = parse_port(text.substr(slash + 1));
    const int offset = address->is_v4() ? 96 : 0;
    if (!bits || *bits > 128 - offset) return fault;
    fault.message = "must not have bits set below its prefix";
    fault.suggestion = fmt::format("{}/{}", address->masked(*bits + offset).to_string(), *bits);
    return fault;
}

std::string print_network(const IpNetwork& value) {
    return fmt::format("{}/{}", value.base.to_string(), value.base.is_v4() ? value.bits - 96 : value.bits);
}

Reading<IpAddress> parse_address(std::string_view text) {
    if (const auto address = IpAddress::parse(text)) return *address;
    return Fault{"bad-address", "must be an IP address such as 10.1.2.3 or fd00::1", {}, {}};
}

std::string print_address(const IpAddress& value) { return value.to_string(); }

Reading<net::BindAddress> parse_bind(std::string_view text) {
    if (text.starts_with("unix:")) {
        const std::string_view path = text.substr(5);
        // sockaddr_un holds 108 bytes with the terminator.
        if (path.starts_with('/') && path.size() < 108) return net::BindAddress{{}, 0, std::string(path)};
        return Fault{"bad-bind", "must name an absolute path of at most 107 bytes after unix:", {}, {}};
    }
    const Fault fault{"bad-bind", "must be ADDRESS:PORT, [V6]:PORT or unix:/path", {}, {}};
    const auto split = split_host_port(text);
    if (!split || !split->port) return fault;
    const auto port = parse_port(*split->port);
    if (!port) return fault;
    if (split->host == "localhost") {
        return Fault{"bad-bind", "must hold a literal address", fmt::format("127.0.0.1:{}", *port), {}};
    }
    if (!IpAddress::parse(split->host)) return fault;
    return net::BindAddress{split->host, *port, {}};
}

std::string print_bind(const net::BindAddress& value) {
    if (!value.unix_path.empty()) return "unix:" + value.unix_path;
    return fmt::format("{}:{}", with_brackets(value.host), value.port);
}

Reading<upstream::EndpointConfig> parse_endpoint(std::string_view text) {
    upstream::EndpointConfig endpoint;
    endpoint.url = text;
    std::string_view rest = text;
    if (text.starts_with("https://")) {
        endpoint.tls = true;
        endpoint.port = 443;
        rest.remove_prefix(8);
    } else if (text.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        Fault fault = bad_endpoint("it starts with http:// or https://");
        if (text.find("://") == std::string_view::npos) fault.suggestion = fmt::format("http://{}", text);
        return fault;
    }
    if (rest.find_first_of("/?#") != std::string_view::npos) {
        return bad_endpoint("without a path; the request's own path is sent");
    }
    if (rest.find('@') != std::string_view::npos) return bad_endpoint("without a user");
    const auto split = split_host_port(rest);
    if (!split || split->host.empty()) return bad_endpoint("with a host");
    const bool v6 = split->host.find(':') != std::string::npos;
    if (v6 ? !IpAddress::parse(split->host) : !all_of(split->host, ".-_")) return bad_endpoint("with a valid host");
    if (split->port) {
        const auto port = parse_port(*split->port);
        if (!port || *port == 0) return bad_endpoint("with a port from 1 to 65535");
        endpoint.port = *port;
    }
    endpoint.host = split->host;
    return endpoint;
}

std::string print_endpoint(const upstream::EndpointConfig& value) { return value.url; }

Reading<Sha256> parse_sha256(std::string_view text) {
    if (const auto digest = Sha256::from_hex(text)) return *digest;
    return Fault{"bad-sha256",
                 fmt::format("must be 64 hex digits (here are {} characters)", text.size()),
                 {},
                 "print it with: printf %s \"$KEY\" | sha256sum"};
}

// A key's digest is as good as printed to whoever can guess keys: it never leaves.
std::string print_sha256(const Sha256&) { return "***"; }

Fault unknown_word(std::string_view text, std::span<const std::string_view> words,
                   std::span<const std::string_view> later) {
    if (std::find(later.begin(), later.end(), text) != later.end()) {
        return {"not-implemented", {}, {}, fmt::format("it can be {}", fmt::join(words, ", "))};
    }
    return {"unknown-word",
            fmt::format("must be {}{}", words.size() > 1 ? "one of " : "", fmt::join(words, ", ")),
            closest(text, words),
            {}};
}

}  // namespace weir::policy

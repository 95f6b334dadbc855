// Forms made of words: names, paths, addresses, digests.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "policy/forms/forms.hpp"

namespace weir::policy {
namespace {

constexpr std::size_t kLongestName = 64;

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

// Splits `HOST`, `HOST:PORT`, `[V6]` and `[V6]:PORT`; empty for an unclosed bracket or an extra colon.
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

Fault bad_endpoint(std::string_view problem) {
    return {"bad-endpoint", fmt::format("must be an endpoint such as http://10.1.0.11:8000 ({})", problem)};
}

// A prefix with host bits below it is a common slip: suggests the network it is in.
Fault bad_network(std::string_view text) {
    Fault fault{"bad-network", "must be a network such as 10.0.0.0/8, fd00::/8 or 10.1.2.3"};
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

Reading<std::string> read_text(const Form&, std::string_view text) {
    if (text.empty()) return Fault{"missing-value", "must not be empty"};
    return std::string(text);
}

std::string print_text(const Form&, const std::string& value) { return value; }

Reading<std::string> read_header_name(const Form&, std::string_view text) {
    if (!is_token(text)) return Fault{"bad-header", "is not the name of an HTTP header"};
    std::string name(text);
    std::transform(name.begin(), name.end(), name.begin(), lower);
    return name;
}

Reading<net::BindAddress> read_bind(const Form& form, std::string_view text) {
    if (text.starts_with("unix:")) {
        const std::string_view path = text.substr(5);
        // sockaddr_un holds 108 bytes with the terminator.
        if (path.starts_with('/') && path.size() < 108) return net::BindAddress{{}, 0, std::string(path)};
        return Fault{"bad-bind", "must name an absolute path of at most 107 bytes after unix:"};
    }
    const auto split = split_host_port(text);
    const auto port = split && split->port ? parse_port(*split->port) : std::nullopt;
    if (port && split->host == "localhost") {
        return Fault{"bad-bind", "must hold a literal address", fmt::format("127.0.0.1:{}", *port)};
    }
    if (!port || !IpAddress::parse(split->host)) return Fault{"bad-bind", fmt::format("must be {}", form.what)};
    return net::BindAddress{split->host, *port, {}};
}

// Of an endpoint's URL: nothing that a server could read in another way (RFC 3986 section 3.3).
bool is_path_prefix(std::string_view path) {
    while (!path.empty()) {
        const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
        if (segment == "." || segment == ".." || !all_of(segment, "-._~!$&'()*+,:@=")) return false;
        path.remove_prefix(segment.size() + 1);
    }
    return true;
}

Reading<upstream::EndpointConfig> read_endpoint(const Form&, std::string_view text) {
    const bool tls = text.starts_with("https://");
    if (!tls && !text.starts_with("http://")) {
        Fault fault = bad_endpoint("it starts with http:// or https://");
        if (text.find("://") == std::string_view::npos) fault.suggestion = fmt::format("http://{}", text);
        return fault;
    }
    const std::string_view whole = text.substr(tls ? 8 : 7);
    const std::string_view rest = whole.substr(0, whole.find_first_of("/?#"));
    const std::string_view path = whole.substr(rest.size());
    if (rest.find('@') != std::string_view::npos) return bad_endpoint("without a user");
    if (path.find_first_of("?#") != std::string_view::npos) {
        return bad_endpoint("without a query; members of the query are set by `query`");
    }
    if (path.ends_with('/')) {
        Fault fault = bad_endpoint("without a slash at its end; the request's own path begins with one");
        fault.suggestion = text.substr(0, text.find_last_not_of('/') + 1);
        return fault;
    }
    if (!is_path_prefix(path)) return bad_endpoint("with a plain path: no empty, '.' or '..' segments");
    const auto split = split_host_port(rest);
    if (!split || split->host.empty()) return bad_endpoint("with a host");
    const bool v6 = split->host.find(':') != std::string::npos;
    if (v6 ? !IpAddress::parse(split->host) : !all_of(split->host, ".-_")) return bad_endpoint("with a valid host");
    const auto port = split->port ? parse_port(*split->port) : static_cast<std::uint16_t>(tls ? 443 : 80);
    if (!port || *port == 0) return bad_endpoint("with a port from 1 to 65535");
    return upstream::EndpointConfig{std::string(text), tls, split->host, *port, std::string(path)};
}

// As an endpoint's URL, where http:// may be left out; the name of a service has no port of its own.
Reading<upstream::EndpointConfig> read_dns_name(const Form& form, std::string_view text) {
    const bool bare = text.find("://") == std::string_view::npos;
    Reading<upstream::EndpointConfig> reading =
        read_endpoint(form, bare ? fmt::format("http://{}", text) : std::string(text));
    if (!reading.value) {
        reading.fault.id = "bad-name";
        reading.fault.message = fmt::format("must be {}", form.what);
        reading.fault.suggestion.clear();
        return reading;
    }
    reading.value->url = text;
    const std::string& host = reading.value->host;
    if (IpAddress::parse(host))
        return Fault{"bad-name", "must be a name; addresses need no look-up: list them as endpoints"};
    return reading;
}

Reading<std::string> read_name_server(const Form& form, std::string_view text) {
    const auto split = split_host_port(text);
    const bool good = split && IpAddress::parse(split->host) && (!split->port || parse_port(*split->port));
    if (!good) return Fault{"bad-server", fmt::format("must be {}", form.what)};
    return std::string(text);
}

// `scheme://host[:port]` in lower case, as browsers write it: anything else would never match.
bool is_origin(std::string_view text) {
    const std::size_t scheme = text.find("://");
    if (scheme == 0 || scheme == std::string_view::npos) return false;
    const std::string_view host = text.substr(scheme + 3);
    return !host.empty() && host.find('/') == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), [](char c) {
               return c <= ' ' || is_capital(c) || std::string_view("*\"@?#\x7F").find(c) != std::string_view::npos;
           });
}

}  // namespace

constinit const Scalar<upstream::EndpointConfig> kDnsName{
    {"a name such as vllm.default.svc:8000, with https:// and a path where needed", ""},
    read_dns_name,
    [](const Form&, const upstream::EndpointConfig& value) { return value.url; }};
constinit const Scalar<std::string> kNameServer{
    {"the address of a name server such as 10.0.0.10 or 127.0.0.1:5353", ""}, read_name_server, print_text};
constinit const Scalar<std::string> kText{{"text", ""}, read_text, print_text};
constinit const Scalar<std::string> kFile{
    {.what = "the path of a file", .pattern = "", .is_path = true}, read_text, print_text};
constinit const Scalar<std::string> kName{
    {"a name of at most 64 letters, digits, '.', '_' and '-'", "^[A-Za-z0-9._-]{1,64}$"},
    [](const Form& form, std::string_view text) -> Reading<std::string> {
        if (all_of(text, "._-") && text.size() <= kLongestName) return std::string(text);
        return Fault{"bad-name", fmt::format("must be {}", form.what)};
    },
    print_text};
constinit const Scalar<std::string> kModel{
    {"a model such as gpt-4o, or a prefix such as llama*", "^[^ ]+$"},
    [](const Form&, std::string_view text) -> Reading<std::string> {
        if (text.empty() || has_control_or_space(text)) {
            return Fault{"bad-model", "must be the name of a model, without spaces"};
        }
        if (text.find('*') < text.size() - 1) return Fault{"bad-model", "may have a '*' only at its end"};
        return std::string(text);
    },
    print_text};
constinit const Scalar<std::string> kMethod{
    {"an HTTP method such as POST", "^[A-Z]+$"},
    [](const Form&, std::string_view text) -> Reading<std::string> {
        if (!is_token(text)) return Fault{"bad-method", "must be an HTTP method such as GET or POST"};
        std::string upper(text);
        for (char& c : upper) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        if (upper == text) return upper;
        return Fault{"bad-method", "must be in capitals, as HTTP methods are", upper};
    },
    print_text};
constinit const Scalar<std::string> kUrlPath{
    {"a path such as /v1/chat/completions", "^/[^ ?#]*$"},
    [](const Form& form, std::string_view text) -> Reading<std::string> {
        if (!text.starts_with('/') || has_control_or_space(text) ||
            text.find_first_of("?#") != std::string_view::npos) {
            return Fault{"bad-path", fmt::format("must be {}, without a query", form.what)};
        }
        if (text.find('*') < text.size() - 1) return Fault{"bad-path", "may have a '*' only as its last character"};
        return std::string(text);
    },
    print_text};
constinit const Scalar<std::string> kOrigin{
    {"an origin such as https://chat.example, or *", "^(\\*|[a-z][a-z0-9+.-]*://[^/?#@*A-Z ]+)$"},
    [](const Form&, std::string_view text) -> Reading<std::string> {
        if (text == "*" || is_origin(text)) return std::string(text);
        return Fault{"invalid-value", "must be an origin as browsers write it, such as https://chat.example, or *"};
    },
    print_text};
constinit const Scalar<std::string> kHeaderName{{"the name of a header", ""}, read_header_name, print_text};
constinit const Scalar<IpNetwork> kNetwork{
    {"a network such as 10.0.0.0/8, fd00::/8 or 10.1.2.3", "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"},
    [](const Form&, std::string_view text) -> Reading<IpNetwork> {
        if (const auto network = IpNetwork::parse(text)) return *network;
        return bad_network(text);
    },
    [](const Form&, const IpNetwork& value) {
        return fmt::format("{}/{}", value.base.to_string(), value.base.is_v4() ? value.bits - 96 : value.bits);
    }};
constinit const Scalar<IpAddress> kAddress{
    {"an IP address such as 10.1.2.3", "^[0-9A-Fa-f.:]+$"},
    [](const Form&, std::string_view text) -> Reading<IpAddress> {
        if (const auto address = IpAddress::parse(text)) return *address;
        return Fault{"bad-address", "must be an IP address such as 10.1.2.3 or fd00::1"};
    },
    [](const Form&, const IpAddress& value) { return value.to_string(); }};
constinit const Scalar<net::BindAddress> kBind{
    {"ADDRESS:PORT, [V6]:PORT or unix:/path", "^(unix:/.+|[0-9.]+:[0-9]+|\\[[0-9A-Fa-f:.]+\\]:[0-9]+)$"},
    read_bind,
    [](const Form&, const net::BindAddress& value) {
        if (!value.unix_path.empty()) return "unix:" + value.unix_path;
        const bool v6 = value.host.find(':') != std::string::npos;
        return fmt::format("{}:{}", v6 ? fmt::format("[{}]", value.host) : value.host, value.port);
    }};
constinit const Scalar<upstream::EndpointConfig> kEndpoint{
    {"an endpoint such as http://10.1.0.11:8000", "^https?://[^/?#@]+(/[^/?#]+)*$"},
    read_endpoint,
    [](const Form&, const upstream::EndpointConfig& value) { return value.url; }};
constinit const Scalar<Sha256> kSha256{
    {"64 hex digits", "^[0-9A-Fa-f]{64}$"},
    [](const Form& form, std::string_view text) -> Reading<Sha256> {
        if (const auto digest = Sha256::from_hex(text)) return *digest;
        return Fault{"bad-sha256",
                     fmt::format("must be {} (this has {} characters)", form.what, text.size()),
                     {},
                     "print it with: printf %s \"$KEY\" | sha256sum"};
    },
    // A digest lets an attacker test guesses of the key: it is never printed.
    [](const Form&, const Sha256&) { return std::string("***"); }};

}  // namespace weir::policy

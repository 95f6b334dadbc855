#include "admin/door.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/ip.hpp"

namespace weir::admin {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";

std::string in_lower_case(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

// The target without its query and, in the absolute form (RFC 9112 section 3.2.2), without scheme and authority.
std::string_view path_of(std::string_view target) {
    if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
        const std::size_t slash = target.find('/', scheme + 3);
        if (slash == std::string_view::npos) return "/";
        target.remove_prefix(slash);
    }
    return target.substr(0, target.find('?'));
}

// The name or address in a Host field, in lower case.
std::string host_name(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.ends_with('.')) host.remove_suffix(1);
    return in_lower_case(host);
}

bool takes(const Route& route, std::string_view method) {
    return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

void Door::set_token(const std::optional<std::string>& token) {
    token_ = token ? std::optional(sha256(*token)) : std::nullopt;
}

void Door::set_names(std::vector<std::string> names) {
    for (std::string& name : names) name = in_lower_case(name);
    names_ = std::move(names);
}

// A web page whose name has been made to resolve here (DNS rebinding) can make a browser send requests, but cannot
// choose Host.
bool Door::is_for_us(const Request& request) const {
    if (local_ || !request.host || request.host->empty()) return true;
    const std::string name = host_name(*request.host);
    return name == "localhost" || IpAddress::parse(name) ||
           std::find(names_.begin(), names_.end(), name) != names_.end();
}

bool Door::is_authorized(const Request& request) const {
    constexpr std::string_view kScheme = "Bearer ";
    if (!token_) return true;
    if (!request.authorization.starts_with(kScheme)) return false;
    return equal_in_constant_time(sha256(request.authorization.substr(kScheme.size())), *token_);
}

// A page from elsewhere can make a browser post a form, or plain text, without asking first. It cannot hide where the
// request comes from, nor send JSON: for that the browser asks first (CORS), and is told 405. No page is served here.
std::optional<Answer> Door::refuse_change(const Request& request) {
    if (request.from_page) return Answer{403, kText, "not from a page in a browser\n"};
    std::string type = in_lower_case(request.content_type.substr(0, request.content_type.find(';')));
    while (type.ends_with(' ')) type.pop_back();
    if (type != "application/json") return Answer{415, kText, "the body must be application/json\n"};
    return std::nullopt;
}

Answer Door::not_found() const {
    Answer answer{404, kText, "Paths:\n"};
    for (const Route& route : routes_) {
        const std::string line = "  " + route.path + "\n";
        if (answer.body.find(line) == std::string::npos) answer.body.append(line);
    }
    return answer;
}

Answer Door::not_allowed(std::string_view path) const {
    Answer answer{405, kText, {}};
    for (const Route& route : routes_) {
        if (route.path != path) continue;
        if (!answer.allow.empty()) answer.allow.append(", ");
        answer.allow.append(route.method).append(route.method == "GET" ? ", HEAD" : "");
    }
    answer.body = "only " + answer.allow + "\n";
    return answer;
}

Answer Door::answer(const Request& request) const {
    if (!is_for_us(request)) {
        return {421, kText, "use an address, localhost or a name in admin.names\n"};
    }
    const std::string_view path = path_of(request.target);
    const auto leads_there = [&](const Route& route) { return route.path == path; };
    if (std::none_of(routes_.begin(), routes_.end(), leads_there)) return not_found();
    const auto route = std::find_if(routes_.begin(), routes_.end(), [&](const Route& entry) {
        return leads_there(entry) && takes(entry, request.method);
    });
    if (route == routes_.end()) return not_allowed(path);
    if (route->needs_token && !is_authorized(request)) return {401, kText, "a bearer token is required\n"};
    if (route->method != "GET") {
        if (auto refusal = refuse_change(request)) return std::move(*refusal);
    }
    return route->answer(request);
}

}  // namespace weir::admin

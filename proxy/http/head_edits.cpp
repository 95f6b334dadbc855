#include "http/head_edits.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/hex.hpp"

namespace weir::http {
namespace {

// Whether a name as it stands in a query, percent-encoded or not, is `name`, which has no escapes. Some servers compare
// them without case (ASP.NET, and so Azure).
bool is_query_name(std::string_view written, std::string_view name) {
    std::size_t at = 0;
    for (const char wanted : name) {
        if (at == written.size()) return false;
        char c = written[at];
        if (c == '%' && written.size() - at >= 3) {
            const int high = hex_value(written[at + 1]);
            const int low = hex_value(written[at + 2]);
            if (high >= 0 && low >= 0) {
                c = static_cast<char>(high * 16 + low);
                at += 2;
            }
        }
        if (lower(c) != lower(wanted)) return false;
        ++at;
    }
    return at == written.size();
}

// `v1`, `v4`, `v1beta`: how the paths of APIs begin or end.
bool is_version(std::string_view segment) {
    if (segment.size() < 2 || segment.front() != 'v' || !is_digit(segment[1])) return false;
    return std::all_of(segment.begin() + 1, segment.end(), is_letter_or_digit);
}

// Addresses that stand in place of the version with which a request's path begins.
bool replaces_version(std::string_view prefix) {
    constexpr std::string_view kAzureDeployments = "/openai/deployments";
    const std::size_t last = prefix.rfind('/');
    if (last == std::string_view::npos) return false;
    return is_version(prefix.substr(last + 1)) || prefix.substr(0, last).ends_with(kAzureDeployments);
}

std::string_view without_version(std::string_view path) {
    const std::string_view first = path.substr(1, path.find('/', 1) - 1);
    const bool more = path.size() > first.size() + 1;
    return more && is_version(first) ? path.substr(first.size() + 1) : path;
}

}  // namespace

void HeadEdits::remove_field(std::string_view name) {
    if (!removes(name)) removed_.emplace_back(name);
}

void HeadEdits::set_field(std::string_view name, std::string_view value) {
    if (removes(name)) drop_line(name);
    remove_field(name);
    fields_.append(name).append(": ").append(value).append("\r\n");
}

void HeadEdits::drop_line(std::string_view name) {
    for (std::size_t at = 0; at < fields_.size();) {
        const std::size_t size = fields_.find('\n', at) + 1 - at;
        const bool same = equals_ignoring_case(std::string_view(fields_).substr(at, fields_.find(':', at) - at), name);
        if (same) fields_.erase(at, size);
        if (!same) at += size;
    }
}

void HeadEdits::set_query(std::string_view name, std::string_view value) {
    query_.emplace_back(name, std::string(name).append("=").append(value));
}

void HeadEdits::remove_query(std::string_view name) { query_.emplace_back(name, std::string()); }

bool HeadEdits::removes(std::string_view name) const {
    return std::any_of(removed_.begin(), removed_.end(),
                       [name](const std::string& one) { return equals_ignoring_case(one, name); });
}

bool HeadEdits::sets_query(std::string_view member) const {
    const std::string_view name = member.substr(0, member.find('='));
    return std::any_of(query_.begin(), query_.end(),
                       [name](const auto& one) { return is_query_name(name, one.first); });
}

void HeadEdits::append_target(std::string_view prefix, std::string_view target, std::string& out) const {
    // `OPTIONS *` asks about the server, not about a path of it.
    if (!target.starts_with('/')) {
        out.append(target);
        return;
    }
    const std::size_t path_size = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, path_size);
    out.append(prefix).append(replaces_version(prefix) ? without_version(path) : path);
    if (query_.empty()) {
        out.append(target.substr(path_size));
        return;
    }
    char separator = '?';
    std::string_view rest = path_size < target.size() ? target.substr(path_size + 1) : std::string_view{};
    while (!rest.empty()) {
        const std::string_view member = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(member.size() + 1, rest.size()));
        if (member.empty() || sets_query(member)) continue;
        out.append(1, separator).append(member);
        separator = '&';
    }
    for (const auto& [name, member] : query_) {
        if (member.empty()) continue;
        out.append(1, separator).append(member);
        separator = '&';
    }
}

std::string HeadEdits::target(std::string_view prefix, std::string_view target) const {
    std::string out;
    append_target(prefix, target, out);
    return out;
}

std::string HeadEdits::apply(std::string_view before_host, std::string_view host, std::string_view after_host,
                             std::string_view prefix) const {
    std::string out;
    out.reserve(before_host.size() + host.size() + after_host.size() + fields_.size() + prefix.size() + 64);
    const std::size_t target_at = before_host.find(' ') + 1;
    const std::size_t target_end = before_host.find(' ', target_at);
    out.append(before_host.substr(0, target_at));
    append_target(prefix, before_host.substr(target_at, target_end - target_at), out);
    out.append(before_host.substr(target_end)).append(host).append("\r\n");
    std::string_view rest = after_host.substr(2);  // after the end of the Host line
    while (rest.size() > 2) {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        if (!removes(line.substr(0, line.find(':')))) out.append(line);
    }
    return out.append(fields_).append(rest);
}

}  // namespace weir::http

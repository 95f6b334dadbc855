#include "http/forward.hpp"

#include <array>
#include <charconv>

namespace weir::http {
namespace {

// REQUIRES: `name` with its colon and space.
void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(value).append("\r\n");
}

// A field as it came. Where it stood as `name: value`, which is how nearly everybody writes it, that is one copy.
void append_as_it_came(std::string& out, const Field& field) {
    const char* name_end = field.name.data() + field.name.size();
    if (field.value.data() == name_end + 2 && name_end[0] == ':' && name_end[1] == ' ') {
        out.append(field.name.data(), field.name.size() + 2 + field.value.size()).append("\r\n");
    } else {
        append_field(out.append(field.name), ": ", field.value);
    }
}

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end);
}

void append_framing(std::string& out, const OutboundFraming& framing) {
    switch (framing.framing) {
        case Framing::chunked: out.append("Transfer-Encoding: chunked\r\n"); break;
        case Framing::length:
            out.append("Content-Length: ");
            append_number(out, framing.content_length);
            out.append("\r\n");
            break;
        default: break;
    }
}

// The names in Connection: fields for this hop only.
class ConnectionNames {
public:
    explicit ConnectionNames(const FieldTable& fields) : fields_(fields) {
        if (!fields.has(FieldId::connection)) return;
        for (const Field& field : fields) {
            if (field.id != FieldId::connection) continue;
            for_each_member(field.value, [&](std::string_view member) {
                // The three usual words name nothing that is not removed anyway; then no name need be looked up.
                any_ |= !equals_ignoring_case(member, "keep-alive") && !equals_ignoring_case(member, "close") &&
                        !equals_ignoring_case(member, "upgrade");
            });
        }
    }

    [[nodiscard]] bool contains(std::string_view name) const {
        if (!any_) return false;
        bool found = false;
        for (const Field& field : fields_) {
            if (field.id != FieldId::connection) continue;
            for_each_member(field.value, [&](std::string_view member) { found |= equals_ignoring_case(member, name); });
        }
        return found;
    }

private:
    const FieldTable& fields_;
    bool any_ = false;
};

// Fields that are never passed on as they came: made anew, for this hop only, or somebody's word for who they are.
bool is_replaced(FieldId id) {
    switch (id) {
        case FieldId::host:
        case FieldId::content_length:
        case FieldId::transfer_encoding:
        case FieldId::expect:
        case FieldId::connection:
        case FieldId::hop_by_hop:
        case FieldId::te:
        case FieldId::upgrade:
        case FieldId::forwarded_for:
        case FieldId::identity:
        case FieldId::request_id: return true;
        default: return false;
    }
}

}  // namespace

void write_request_before_host(const RequestHead& head, std::string& out) {
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\nHost: ");
}

void write_request_after_host(const RequestHead& head, const RequestExtras& extras, std::string& out) {
    out.append("\r\n");
    const ConnectionNames for_this_hop(head.fields);
    for (const Field& field : head.fields) {
        if (is_replaced(field.id)) continue;
        if (field.id == FieldId::traceparent && !extras.traceparent.empty()) continue;
        if (field.id == FieldId::max_forwards && head.max_forwards >= 0) continue;
        if (for_this_hop.contains(field.name)) continue;
        append_as_it_came(out, field);
    }
    if (head.max_forwards > 0) {
        out.append("Max-Forwards: ");
        append_number(out, static_cast<std::uint64_t>(head.max_forwards) - 1);
        out.append("\r\n");
    }
    append_field(out, "X-Forwarded-For: ", extras.forwarded_for);
    out.append(extras.over_tls ? "X-Forwarded-Proto: https\r\n" : "X-Forwarded-Proto: http\r\n");
    if (!head.authority.empty()) append_field(out, "X-Forwarded-Host: ", head.authority);
    append_field(out, "X-Request-Id: ", extras.request_id);
    if (!extras.traceparent.empty()) append_field(out, "traceparent: ", extras.traceparent);
    out.append(head.minor_version == 0 ? "Via: 1.0 " : "Via: 1.1 ").append(extras.pseudonym).append("\r\n");
}

void end_request_head(const OutboundFraming& framing, std::string& out) {
    append_framing(out, framing);
    out.append("\r\n");
}

namespace {

void append_status_and_fields(std::string& out, const ResponseHead& head, bool keep_length) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(head.status));
    out.append(" ").append(head.reason).append("\r\n");
    const ConnectionNames for_this_hop(head.fields);
    for (const Field& field : head.fields) {
        if (is_replaced(field.id) && !(keep_length && field.id == FieldId::content_length)) continue;
        if (for_this_hop.contains(field.name)) continue;
        append_as_it_came(out, field);
    }
}

}  // namespace

void write_interim_head(const ResponseHead& head, std::string& out) {
    append_status_and_fields(out, head, false);
    out.append("\r\n");
}

void write_response_head(const ResponseHead& head, const ResponseExtras& extras, const OutboundFraming& framing,
                         std::string& out) {
    append_status_and_fields(out, head, extras.head_only);
    append_field(out, "X-Request-Id: ", extras.request_id);
    out.append(head.minor_version == 0 ? "Via: 1.0 " : "Via: 1.1 ").append(extras.pseudonym).append("\r\n");
    append_framing(out, framing);
    if (extras.close) {
        out.append("Connection: close\r\n");
    } else if (extras.minor_version == 0) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

bool seen_before(const FieldTable& fields, std::string_view pseudonym) {
    if (!fields.has(FieldId::via)) return false;
    bool seen = false;
    for (const Field& field : fields) {
        if (field.id != FieldId::via) continue;
        for_each_member(field.value, [&](std::string_view hop) {
            const std::size_t space = hop.find(' ');
            if (space == std::string_view::npos) return;
            const std::string_view by = trim(hop.substr(space + 1));
            seen |= by.substr(0, by.find(' ')) == pseudonym;
        });
    }
    return seen;
}

std::string joined_forwarded_for(const FieldTable& fields) {
    std::string joined;
    if (!fields.has(FieldId::forwarded_for)) return joined;
    for (const Field& field : fields) {
        if (field.id != FieldId::forwarded_for) continue;
        if (!joined.empty()) joined.append(", ");
        joined.append(field.value);
    }
    return joined;
}

}  // namespace weir::http

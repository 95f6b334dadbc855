// The meaning of a head as a whole (framing, persistence, expectations), decided after all fields have been read.

#include "http/head.hpp"
#include "http/path.hpp"
#include "http/strict.hpp"

namespace weir::http {
namespace {

// The result of a check that found no fault.
constexpr ParseResult kSound{ParseStatus::complete, 0, Reason::bad_request, {}};

ParseResult refuse(std::string_view detail, Reason reason = Reason::bad_request) {
    return {ParseStatus::refused, 0, reason, detail};
}

// What the fields state about framing and persistence, before it is known whether they agree.
struct Semantics {
    int hosts = 0;
    int lengths = 0;
    bool bad_length = false;
    std::uint64_t length = 0;
    int encodings = 0;
    bool exactly_chunked = false;
    bool chunked_last = false;    // of the encodings so far
    bool beyond_chunked = false;  // another encoding came after it
    bool bad_connection = false;
    std::size_t connection_bytes = 0;
    std::size_t connection_members = 0;
    bool close = false;
    bool keep_alive = false;
    bool connection_upgrade = false;
    bool has_upgrade = false;
    bool long_encoding = false;

    [[nodiscard]] bool names_too_much() const {
        return connection_bytes > kMaxConnectionBytes || connection_members > kMaxConnectionMembers;
    }
};

void read_connection(std::string_view value, Semantics& all) {
    all.connection_bytes += value.size();
    if (all.names_too_much()) return;
    for_each_member(value, [&](std::string_view member) {
        ++all.connection_members;
        all.bad_connection |= !is_token(member);
        all.close |= equals_ignoring_case(member, "close");
        all.keep_alive |= equals_ignoring_case(member, "keep-alive");
        all.connection_upgrade |= equals_ignoring_case(member, "upgrade");
    });
}

void read_proxy_connection(std::string_view value, Semantics& all) {
    all.connection_bytes += value.size();
    if (all.names_too_much()) return;
    for_each_member(value, [&](std::string_view member) {
        ++all.connection_members;
        all.bad_connection |= !is_token(member);
    });
}

void read_length(std::string_view value, Semantics& all) {
    const auto length = parse_length(value);
    all.bad_length |= !length || (all.lengths > 0 && *length != all.length);
    all.length = length.value_or(0);
    ++all.lengths;
}

void read_encoding(std::string_view value, Semantics& all) {
    ++all.encodings;
    all.exactly_chunked = equals_ignoring_case(value, "chunked");
    all.long_encoding |= value.size() > kMaxEncodingBytes;
    if (all.long_encoding) return;
    all.beyond_chunked |= all.chunked_last;
    bool seen = false;
    bool more = false;
    for_each_member(value, [&](std::string_view member) {
        more |= seen;
        seen |= equals_ignoring_case(member, "chunked");
    });
    all.chunked_last = seen && !more;
}

Semantics read_fields(const FieldTable& fields) {
    Semantics all;
    for (const Field& field : fields) {
        switch (field.id) {
            case FieldId::host: ++all.hosts; break;
            case FieldId::content_length: read_length(field.value, all); break;
            case FieldId::transfer_encoding: read_encoding(field.value, all); break;
            case FieldId::connection: read_connection(field.value, all); break;
            case FieldId::hop_by_hop:
                // It has no effect here, but two readers may differ about one that is not a list.
                if (equals_ignoring_case(field.name, "proxy-connection")) read_proxy_connection(field.value, all);
                break;
            case FieldId::upgrade: all.has_upgrade = true; break;
            default: break;
        }
    }
    return all;
}

ParseResult check_fields(const HeadLines& lines, const Semantics& all) {
    if (lines.malformed_field) return refuse("a field is not `name: value`");
    if (all.bad_connection) return refuse("Connection is not a list of tokens");
    if (all.names_too_much()) return refuse("Connection has too many members");
    if (all.long_encoding) return refuse("Transfer-Encoding is too long");
    if (all.beyond_chunked) return refuse("an encoding after chunked");
    if (lines.too_many_fields) return refuse("the head has too many fields", Reason::head_too_large);
    return kSound;
}

// HTTP/1.0 and 1.1 are supported; other versions of HTTP get 505, anything else 400.
ParseResult read_request_line(std::string_view line, RequestHead& head) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last) {
        return refuse("the request line is not `method target version`");
    }
    head.method = line.substr(0, first);
    head.target = line.substr(first + 1, last - first - 1);
    if (!is_token(head.method)) return refuse("the method is not a token");
    const std::string_view version = line.substr(last + 1);
    head.minor_version = version == "HTTP/1.0" ? 0 : 1;
    if (version == "HTTP/1.1" || version == "HTTP/1.0") return kSound;
    const bool looks_like_http = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
    return looks_like_http ? refuse("only HTTP/1.0 and HTTP/1.1 are supported", Reason::version_unsupported)
                           : refuse("the version is malformed");
}

// `HTTP/1.x status reason`: the reason may be empty, but the space before it is required (RFC 9112 section 4).
ParseResult read_status_line(std::string_view line, ResponseHead& head) {
    const bool is_known = line.size() >= 13 && line.starts_with("HTTP/1.") && (line[7] == '0' || line[7] == '1');
    if (!is_known || line[8] != ' ' || line[12] != ' ') return refuse("the status line is malformed");
    const auto status = parse_length(line.substr(9, 3));
    if (!status || *status < 100 || *status > 599) return refuse("the status is not between 100 and 599");
    head.minor_version = line[7] - '0';
    head.status = static_cast<int>(*status);
    head.reason = line.substr(13);
    return kSound;
}

ParseResult decide_request_framing(const Semantics& all, RequestHead& head) {
    if (all.bad_length) return refuse("Content-Length is not one number");
    if (all.encodings > 0) {
        if (all.lengths > 0) return refuse("both Content-Length and Transfer-Encoding");
        if (all.encodings > 1 || !all.exactly_chunked) {
            return refuse("Transfer-Encoding is not exactly `chunked`", Reason::not_implemented);
        }
        if (head.minor_version == 0) return refuse("Transfer-Encoding in HTTP/1.0");
        head.framing = Framing::chunked;
        head.content_length = 0;
        return kSound;
    }
    head.framing = all.lengths > 0 && all.length > 0 ? Framing::length : Framing::none;
    head.content_length = all.length;
    return kSound;
}

ParseResult read_expectations(RequestHead& head) {
    head.expect_continue = false;
    head.max_forwards = -1;
    if (!head.fields.has(FieldId::expect) && !head.fields.has(FieldId::max_forwards)) return kSound;
    for (const Field& field : head.fields) {
        if (field.id == FieldId::expect) {
            if (!equals_ignoring_case(field.value, "100-continue")) {
                return refuse("only `Expect: 100-continue` is known", Reason::expectation_failed);
            }
            head.expect_continue = head.minor_version >= 1;
        }
        if (field.id == FieldId::max_forwards && (head.method == "OPTIONS" || head.method == "TRACE")) {
            const auto hops = parse_length(field.value);
            if (!hops || *hops > 255) return refuse("Max-Forwards is not a small number");
            head.max_forwards = static_cast<int>(*hops);
        }
    }
    return kSound;
}

ParseResult decide_target(const Semantics& all, const HeadLimits& limits, RequestHead& head) {
    if (all.hosts > 1 || (all.hosts == 0 && head.minor_version >= 1)) return refuse("not exactly one Host");
    const auto target = split_target(head.method, head.target);
    if (!target) return refuse("the request target is malformed");
    head.target = target->target;
    head.usual_path = is_usual_path(head.path());
    if (!limits.raw_paths && !head.usual_path) {
        const std::string_view fault = normalize_target(head.target, head.target_buffer);
        if (!fault.empty()) return refuse(fault);
    }
    head.authority = target->authority;
    if (all.hosts == 1) {
        const std::string_view host = head.fields.find(FieldId::host)->value;
        if (!is_valid_authority(host)) return refuse("Host is not a valid host and port");
        if (head.authority.empty()) head.authority = host;
    }
    return kSound;
}

}  // namespace

ParseResult parse_request(std::string_view bytes, const HeadLimits& limits, RequestHead& head) {
    HeadLines lines;
    const ParseResult scanned = scan_head(bytes, limits, true, lines, head.fields);
    if (scanned.status != ParseStatus::complete) return scanned;
    const Semantics all = read_fields(head.fields);
    ParseResult step = read_request_line(lines.start, head);
    if (step.status == ParseStatus::complete) step = check_fields(lines, all);
    if (step.status == ParseStatus::complete) step = decide_target(all, limits, head);
    if (step.status == ParseStatus::complete) step = decide_request_framing(all, head);
    if (step.status == ParseStatus::complete) step = read_expectations(head);
    if (step.status == ParseStatus::refused) return step;
    head.keep_alive = !all.close && (head.minor_version >= 1 || all.keep_alive);
    head.wants_upgrade = all.has_upgrade && all.connection_upgrade;
    step.consumed = scanned.consumed;
    return step;
}

ParseResult parse_response(std::string_view bytes, const HeadLimits& limits, bool to_head, ResponseHead& head) {
    HeadLines lines;
    const ParseResult scanned = scan_head(bytes, limits, false, lines, head.fields);
    if (scanned.status != ParseStatus::complete) return scanned;
    const Semantics all = read_fields(head.fields);
    ParseResult step = read_status_line(lines.start, head);
    if (step.status == ParseStatus::complete) step = check_fields(lines, all);
    if (step.status == ParseStatus::refused) return step;
    if (all.bad_length) return refuse("Content-Length is not one number");
    if (all.encodings > 0 && (all.lengths > 0 || all.encodings > 1 || !all.exactly_chunked)) {
        return refuse("the framing has more than one meaning");
    }
    const bool bodiless = to_head || head.status < 200 || head.status == 204 || head.status == 304;
    head.content_length = all.length;
    if (bodiless) {
        head.framing = Framing::none;
    } else if (all.encodings > 0) {
        head.framing = Framing::chunked;
    } else if (all.lengths > 0) {
        head.framing = all.length > 0 ? Framing::length : Framing::none;
    } else {
        head.framing = Framing::until_close;
    }
    head.keep_alive = !all.close && (head.minor_version >= 1 || all.keep_alive) && head.framing != Framing::until_close;
    // RFC 9112 section 6.1: HTTP/1.0 defines no transfer coding, so the framing cannot be trusted past this message.
    if (head.minor_version == 0 && all.encodings > 0) head.keep_alive = false;
    const Field* type = head.fields.find(FieldId::content_type);
    // RFC 9110 section 8.3.1: media types are case-insensitive, and parameters may follow.
    head.event_stream = type != nullptr &&
                        equals_ignoring_case(trim(type->value.substr(0, type->value.find(';'))), "text/event-stream");
    step.consumed = scanned.consumed;
    return step;
}

}  // namespace weir::http

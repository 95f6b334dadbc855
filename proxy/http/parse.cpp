// The codec: Beast's basic_parser feeds a sink of ours, which keeps views and builds nothing. What the words of a head
// mean together (framing, persistence, expectations) is decided here, after all of them have been seen.

#include <array>
#include <boost/beast/http/basic_parser.hpp>

#include "http/head.hpp"
#include "http/strict.hpp"

namespace weir::http {
namespace {

namespace beast = boost::beast;
using beast::http::verb;
using ErrorCode = beast::error_code;

// What a check returns that found nothing wrong.
constexpr ParseResult kSound{ParseStatus::complete, 0, Reason::bad_request, {}};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

ParseResult refuse(std::string_view detail, Reason reason = Reason::bad_request) {
    return {ParseStatus::refused, 0, reason, detail};
}

// What Beast has named is named already: its field to ours. The names that it does not know are `unknown` to it.
constexpr auto kKnownToBeast = [] {
    using beast::http::field;
    std::array<FieldId, 512> ids{};
    const auto is = [&ids](field known, FieldId id) { ids[static_cast<std::size_t>(known)] = id; };
    is(field::host, FieldId::host);
    is(field::content_length, FieldId::content_length);
    is(field::transfer_encoding, FieldId::transfer_encoding);
    is(field::expect, FieldId::expect);
    is(field::max_forwards, FieldId::max_forwards);
    is(field::via, FieldId::via);
    is(field::connection, FieldId::connection);
    is(field::keep_alive, FieldId::hop_by_hop);
    is(field::proxy_connection, FieldId::hop_by_hop);
    is(field::proxy_authenticate, FieldId::hop_by_hop);
    is(field::proxy_authorization, FieldId::hop_by_hop);
    is(field::trailer, FieldId::hop_by_hop);
    is(field::http2_settings, FieldId::hop_by_hop);
    is(field::te, FieldId::te);
    is(field::upgrade, FieldId::upgrade);
    is(field::forwarded, FieldId::identity);
    is(field::authorization, FieldId::authorization);
    is(field::content_type, FieldId::content_type);
    is(field::date, FieldId::date);
    return ids;
}();

FieldId id_of(beast::http::field known, std::string_view name) {
    return known == beast::http::field::unknown ? identify(name) : kKnownToBeast[static_cast<std::size_t>(known)];
}

template <bool IsRequest, typename Head>
class Sink final : public beast::http::basic_parser<IsRequest> {
public:
    explicit Sink(Head& head) : head_(head) {
        this->header_limit(1U << 30);  // scan_head has counted already
        this->body_limit(boost::none);
        this->skip(true);
    }
    [[nodiscard]] bool full() const { return full_; }

private:
    void on_request_impl(verb, beast::string_view method, beast::string_view target, int version, ErrorCode&) override {
        if constexpr (IsRequest) {
            head_.method = view(method);
            head_.target = view(target);
            head_.minor_version = version - 10;
        }
    }
    void on_response_impl(int code, beast::string_view reason, int version, ErrorCode&) override {
        if constexpr (!IsRequest) {
            head_.status = code;
            head_.reason = view(reason);
            head_.minor_version = version - 10;
        }
    }
    void on_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                       ErrorCode&) override {
        const std::string_view text = view(name);
        full_ |= !head_.fields.add({text, view(value), id_of(known, text)});
    }
    void on_header_impl(ErrorCode&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(beast::string_view, ErrorCode&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, ErrorCode&) override { return 0; }
    void on_finish_impl(ErrorCode&) override {}

    Head& head_;
    bool full_ = false;
};

// What the fields say about framing and persistence, before it is known whether they agree.
struct Semantics {
    int hosts = 0;
    int lengths = 0;
    bool bad_length = false;
    std::uint64_t length = 0;
    int encodings = 0;
    bool exactly_chunked = false;
    bool close = false;
    bool keep_alive = false;
    bool connection_upgrade = false;
    bool has_upgrade = false;
};

void read_connection(std::string_view value, Semantics& all) {
    for_each_member(value, [&](std::string_view member) {
        all.close |= equals_ignoring_case(member, "close");
        all.keep_alive |= equals_ignoring_case(member, "keep-alive");
        all.connection_upgrade |= equals_ignoring_case(member, "upgrade");
    });
}

void read_length(std::string_view value, Semantics& all) {
    const auto length = parse_length(value);
    all.bad_length |= !length || (all.lengths > 0 && *length != all.length);
    all.length = length.value_or(0);
    ++all.lengths;
}

Semantics read_fields(const FieldTable& fields) {
    Semantics all;
    for (const Field& field : fields) {
        switch (field.id) {
            case FieldId::host: ++all.hosts; break;
            case FieldId::content_length: read_length(field.value, all); break;
            case FieldId::transfer_encoding:
                ++all.encodings;
                all.exactly_chunked = equals_ignoring_case(field.value, "chunked");
                break;
            case FieldId::connection: read_connection(field.value, all); break;
            case FieldId::upgrade: all.has_upgrade = true; break;
            default: break;
        }
    }
    return all;
}

// A head that is all there, through Beast. Nothing when it did not get through.
template <bool IsRequest, typename Head>
ParseResult run_beast(std::string_view bytes, Head& head) {
    head.fields.clear();
    Sink<IsRequest, Head> sink(head);
    ErrorCode error;
    sink.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || !sink.is_header_done()) return refuse("the head is malformed");
    if (sink.full()) return refuse("the head has too many fields", Reason::head_too_large);
    return {ParseStatus::complete, bytes.size(), Reason::bad_request, {}};
}

// HTTP/1.0 and 1.1 are spoken; what else looks like HTTP is 505, and what does not is 400.
ParseResult check_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last) {
        return refuse("the request line is not `method target version`");
    }
    if (!is_token(line.substr(0, first))) return refuse("the method is not a token");
    const std::string_view version = line.substr(last + 1);
    if (version == "HTTP/1.1" || version == "HTTP/1.0") return kSound;
    const bool looks_like_http = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
    return looks_like_http ? refuse("only HTTP/1.0 and HTTP/1.1 are spoken here", Reason::version_unsupported)
                           : refuse("the version is malformed");
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

ParseResult decide_target(const Semantics& all, RequestHead& head) {
    if (all.hosts > 1 || (all.hosts == 0 && head.minor_version >= 1)) return refuse("not exactly one Host");
    const auto target = split_target(head.method, head.target);
    if (!target) return refuse("the request target is malformed");
    head.target = target->target;
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
    const ParseResult scanned = scan_head(bytes, limits, true);
    if (scanned.status != ParseStatus::complete) return scanned;
    std::string_view text = bytes.substr(0, scanned.consumed);
    while (text.starts_with("\r\n")) text.remove_prefix(2);
    ParseResult step = check_request_line(text.substr(0, text.find('\r')));
    if (step.status == ParseStatus::complete) step = run_beast<true>(text, head);
    if (step.status == ParseStatus::refused) return step;
    const Semantics all = read_fields(head.fields);
    step = decide_target(all, head);
    if (step.status == ParseStatus::complete) step = decide_request_framing(all, head);
    if (step.status == ParseStatus::complete) step = read_expectations(head);
    if (step.status == ParseStatus::refused) return step;
    head.keep_alive = !all.close && (head.minor_version >= 1 || all.keep_alive);
    head.wants_upgrade = all.has_upgrade && all.connection_upgrade;
    step.consumed = scanned.consumed;
    return step;
}

ParseResult parse_response(std::string_view bytes, const HeadLimits& limits, bool to_head, ResponseHead& head) {
    const ParseResult scanned = scan_head(bytes, limits, false);
    if (scanned.status != ParseStatus::complete) return scanned;
    ParseResult step = run_beast<false>(bytes.substr(0, scanned.consumed), head);
    if (step.status == ParseStatus::refused) return step;
    if (head.status < 100 || head.status > 599) return refuse("the status is not between 100 and 599");
    const Semantics all = read_fields(head.fields);
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
    // RFC 9112 section 6.1: HTTP/1.0 knows no encoding, so such framing is not to be trusted past this message.
    if (head.minor_version == 0 && all.encodings > 0) head.keep_alive = false;
    const Field* type = head.fields.find(FieldId::content_type);
    // RFC 9110 section 8.3.1: media types know no case, and parameters may follow.
    head.event_stream = type != nullptr &&
                        equals_ignoring_case(trim(type->value.substr(0, type->value.find(';'))), "text/event-stream");
    step.consumed = scanned.consumed;
    return step;
}

}  // namespace weir::http

#include "http/forward.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/gathered_text.hpp"

namespace weir::http {
namespace {

// Fields that are passed on unchanged. Neighbours written as `name: value`, the usual form, are copied together.
class PassedFields {
public:
    explicit PassedFields(GatheredText& out) : out_(out) {}

    void pass(const Field& field) {
        const char* name_end = field.name.data() + field.name.size();
        const bool plain = field.value.data() == name_end + 2 && name_end[0] == ':' && name_end[1] == ' ';
        if (plain && end_ != nullptr && field.name.data() == end_ + 2 && end_[0] == '\r' && end_[1] == '\n') {
            end_ = field.value.data() + field.value.size();
            return;
        }
        finish();
        if (plain) {
            begin_ = field.name.data();
            end_ = field.value.data() + field.value.size();
        } else {
            out_.add(field.name).add(": ").add(field.value).add("\r\n");
        }
    }
    void finish() {
        if (end_ == nullptr) return;
        out_.add(std::string_view(begin_, end_)).add("\r\n");
        end_ = nullptr;
    }

private:
    GatheredText& out_;
    const char* begin_ = nullptr;
    const char* end_ = nullptr;  // end of the last value; null: no fields pending
};

void add_framing(GatheredText& out, const OutboundFraming& framing) {
    switch (framing.framing) {
        case Framing::chunked: out.add("Transfer-Encoding: chunked\r\n"); break;
        case Framing::length: out.add("Content-Length: ").add_number(framing.content_length).add("\r\n"); break;
        default: break;
    }
}

void add_via(GatheredText& out, int minor_version, std::string_view pseudonym) {
    if (minor_version == 0) {
        out.add("Via: 1.0 ");
    } else {
        out.add("Via: 1.1 ");
    }
    out.add(pseudonym).add("\r\n");
}

// The names in Connection: fields for this hop only. Collected once: a parsed head has few of them.
class ConnectionNames {
public:
    explicit ConnectionNames(const FieldTable& fields) {
        if (!fields.has(FieldId::connection)) return;
        for (const Field& field : fields) {
            if (field.id != FieldId::connection) continue;
            for_each_member(field.value, [&](std::string_view member) {
                // The three usual members name no field that is not removed anyway; with only those, no name need be
                // looked up.
                const bool usual = equals_ignoring_case(member, "keep-alive") ||
                                   equals_ignoring_case(member, "close") || equals_ignoring_case(member, "upgrade");
                if (usual || count_ == names_.size()) return;
                names_[count_++] = {member.data(), member.size()};
                lengths_ |= bit(member);
            });
        }
    }

    [[nodiscard]] bool contains(std::string_view name) const {
        if ((lengths_ & bit(name)) == 0) return false;
        return std::any_of(names_.begin(), names_.begin() + count_, [name](const Text& member) {
            return equals_ignoring_case({member.data, member.size}, name);
        });
    }

private:
    // Used like a view, but built only when needed: nearly every head needs none.
    struct Text {
        const char* data;
        std::size_t size;
    };
    static std::uint64_t bit(std::string_view name) { return std::uint64_t{1} << (name.size() % 64); }

    std::array<Text, kMaxConnectionMembers> names_;
    std::size_t count_ = 0;
    std::uint64_t lengths_ = 0;
};

// Fields that are never passed on unchanged: they are written anew, apply to this hop only, or claim an identity.
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

// Fields that apply to a body only in its original coding (RFC 9110 section 8.4, RFC 9530).
bool is_of_coded_body(std::string_view name) {
    for (const std::string_view known :
         {"content-encoding", "content-digest", "repr-digest", "digest", "content-md5"}) {
        if (equals_ignoring_case(name, known)) return true;
    }
    return false;
}

}  // namespace

void write_request_before_host(const RequestHead& head, std::string& out) {
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\nHost: ");
}

void write_request_after_host(const RequestHead& head, const RequestExtras& extras, std::string& out) {
    GatheredText text(out);
    text.add("\r\n");
    const ConnectionNames for_this_hop(head.fields);
    PassedFields fields(text);
    for (const Field& field : head.fields) {
        if (is_replaced(field.id)) continue;
        if (field.id == FieldId::traceparent && !extras.traceparent.empty()) continue;
        if (field.id == FieldId::max_forwards && head.max_forwards >= 0) continue;
        if (field.id == FieldId::claim || (field.id == FieldId::engine_hint && !extras.trusted)) continue;
        if (for_this_hop.contains(field.name)) continue;
        if (extras.websocket && equals_ignoring_case(field.name, "sec-websocket-extensions")) continue;
        if (extras.decoded && is_of_coded_body(field.name)) continue;
        if (extras.identity && equals_ignoring_case(field.name, "accept-encoding")) continue;
        fields.pass(field);
    }
    fields.finish();
    if (head.max_forwards > 0) {
        text.add("Max-Forwards: ").add_number(static_cast<std::uint64_t>(head.max_forwards) - 1).add("\r\n");
    }
    text.add("X-Forwarded-For: ").add(extras.forwarded_for);
    if (extras.over_tls) {
        text.add("\r\nX-Forwarded-Proto: https\r\n");
    } else {
        text.add("\r\nX-Forwarded-Proto: http\r\n");
    }
    if (!head.authority.empty()) text.add("X-Forwarded-Host: ").add(head.authority).add("\r\n");
    text.add("X-Request-Id: ").add(extras.request_id).add("\r\n");
    if (!extras.traceparent.empty()) text.add("traceparent: ").add(extras.traceparent).add("\r\n");
    if (extras.identity) text.add("Accept-Encoding: identity\r\n");
    if (extras.websocket) text.add("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    add_via(text, head.minor_version, extras.pseudonym);
    text.finish();
}

void end_request_head(const OutboundFraming& framing, std::string& out) {
    GatheredText text(out);
    add_framing(text, framing);
    text.add("\r\n").finish();
}

namespace {

bool is_rate_field(std::string_view name) {
    for (const std::string_view prefix : {"x-ratelimit-", "anthropic-ratelimit-"}) {
        if (equals_ignoring_case(name.substr(0, prefix.size()), prefix)) return true;
    }
    return false;
}

void add_status_and_fields(GatheredText& out, const ResponseHead& head, bool keep_length, bool drop_rates) {
    out.add("HTTP/1.1 ").add_number(static_cast<std::uint64_t>(head.status)).add(" ").add(head.reason).add("\r\n");
    const ConnectionNames for_this_hop(head.fields);
    PassedFields fields(out);
    for (const Field& field : head.fields) {
        if (is_replaced(field.id) || for_this_hop.contains(field.name)) continue;
        if (drop_rates && is_rate_field(field.name)) continue;
        fields.pass(field);
    }
    fields.finish();
    // Written once, even if the backend sent it twice.
    if (keep_length && head.fields.has(FieldId::content_length))
        add_framing(out, {Framing::length, head.content_length});
}

}  // namespace

void write_interim_head(const ResponseHead& head, std::string& out) {
    GatheredText text(out);
    add_status_and_fields(text, head, false, false);
    text.add("\r\n").finish();
}

void write_response_head(const ResponseHead& head, const ResponseExtras& extras, const OutboundFraming& framing,
                         std::string& out) {
    GatheredText text(out);
    add_status_and_fields(text, head, extras.head_only, !extras.rate_fields.empty());
    text.add(extras.rate_fields);
    const auto is_own = [](const Field& field) {
        return equals_ignoring_case(field.name, "access-control-allow-origin");
    };
    if (!extras.cors_fields.empty() && std::none_of(head.fields.begin(), head.fields.end(), is_own)) {
        text.add(extras.cors_fields);
    }
    text.add("X-Request-Id: ").add(extras.request_id).add("\r\n");
    if (!extras.service_tier.empty()) text.add("X-Weir-Service-Tier: ").add(extras.service_tier).add("\r\n");
    if (!extras.degraded.empty()) text.add("X-Weir-Degraded: ").add(extras.degraded).add("\r\n");
    if (extras.attempts > 1) text.add("X-Weir-Attempts: ").add(std::to_string(extras.attempts)).add("\r\n");
    add_via(text, head.minor_version, extras.pseudonym);
    add_framing(text, framing);
    if (extras.websocket) {
        text.add("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    } else if (extras.close) {
        text.add("Connection: close\r\n");
    } else if (extras.minor_version == 0) {
        text.add("Connection: keep-alive\r\n");
    }
    text.add("\r\n").finish();
}

bool seen_before(const FieldTable& fields, std::string_view pseudonym) {
    if (!fields.has(FieldId::via)) return false;
    std::size_t hops = 0;
    bool seen = false;
    for (const Field& field : fields) {
        if (field.id != FieldId::via) continue;
        for_each_member(field.value, [&](std::string_view hop) {
            const std::size_t space = std::min(hop.find(' '), hop.size());
            const std::string_view by = trim(hop.substr(space));
            seen |= ++hops > kMaxHops || by.substr(0, by.find(' ')) == pseudonym;
            return !seen;
        });
        if (seen) return true;
    }
    return false;
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

// An exchange's first steps: everything that is taken from the request's head and body before the judge sees it.

#include <algorithm>
#include <charconv>
#include <chrono>

#include "admission/classify/cohort.hpp"
#include "ai/dialect.hpp"
#include "ai/video.hpp"
#include "downstream/body_fields.hpp"
#include "downstream/cors.hpp"
#include "downstream/exchange.hpp"
#include "downstream/worker.hpp"
#include "http/forward.hpp"
#include "http/path.hpp"
#include "http/websocket.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// A client's request id is kept when it is short and plain enough to be logged as it is.
bool is_plain_id(std::string_view id) {
    return !id.empty() && id.size() <= RequestId::kLongest && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
               c == '.';
    });
}

std::string_view without_bearer(std::string_view value) {
    constexpr std::string_view kScheme = "bearer ";
    if (value.size() <= kScheme.size() || !http::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme))
        return {};
    return http::trim(value.substr(kScheme.size()));
}

// The key that the request shows, wherever its dialect puts it. Two that differ count as none: whoever sends both
// hopes that two readers choose differently.
struct ShownKey {
    std::string_view key;
    bool ambiguous = false;
};

ShownKey find_key(const http::FieldTable& fields) {
    ShownKey shown;
    for (const http::Field& field : fields) {
        std::string_view key;
        if (field.id == http::FieldId::authorization) key = without_bearer(field.value);
        if (field.id == http::FieldId::api_key) key = field.value;
        if (key.empty()) continue;
        shown.ambiguous |= !shown.key.empty() && shown.key != key;
        shown.key = key;
    }
    return shown;
}

std::string_view find_header(const void* context, std::string_view name) {
    const http::Field* field = static_cast<const http::FieldTable*>(context)->find_single(name);
    return field == nullptr ? std::string_view{} : field->value;
}

std::uint32_t read_retry_count(const http::FieldTable& fields) {
    const http::Field* field = fields.find(http::FieldId::retry_count);
    std::uint32_t count = 0;
    if (field != nullptr) std::from_chars(field->value.data(), field->value.data() + field->value.size(), count);
    return count;
}

// When the caller's SDK stops waiting (x-stainless-read-timeout, in seconds).
std::optional<TimePoint> read_deadline(const http::FieldTable& fields, TimePoint now) {
    const http::Field* field = fields.find(http::FieldId::read_timeout);
    if (field == nullptr) return std::nullopt;
    double timeout = 0;
    const auto [end, error] = std::from_chars(field->value.data(), field->value.data() + field->value.size(), timeout);
    if (error != std::errc{} || end != field->value.data() + field->value.size()) return std::nullopt;
    if (!(timeout > 0) || timeout > 86'400) return std::nullopt;
    return now + from_seconds(timeout);
}

// Some servers take it for a call, and some do not: it has parameters, or letters of the other case.
bool is_misspelled_call(std::string_view path) {
    std::string room;
    const std::string_view compared = http::compared_path(path, room);
    if (ai::is_miscased_call(compared)) return true;
    return !room.empty() && (ai::is_known(ai::api_of(compared, Dialect::generic)) || ai::is_video_path(compared) ||
                             ai::is_realtime(compared));
}

}  // namespace

void Exchange::begin_malformed(const http::ParseResult& fault) { fail(fault.reason, fault.detail); }

std::string_view Exchange::begin(const http::RequestHead& head, std::string_view bytes) {
    minor_version_ = head.minor_version;
    presence_.set_minor_version(minor_version_);
    framing_ = head.framing;
    content_length_ = head.content_length;
    body_reader_ = http::BodyReader(head.framing, head.content_length);
    keep_alive_ = head.keep_alive;
    expects_continue_ = head.expect_continue && head.framing != http::Framing::none;
    if (const http::Field* id = head.fields.find(http::FieldId::request_id); id != nullptr && is_plain_id(id->value)) {
        request_id_ = RequestId(id->value);
    }
    head_.reserve(1000);
    http::write_request_before_host(head, head_);
    method_size_ = head.method.size();
    path_size_ = head.path().size();
    host_at_ = head_.size();
    if (const auto& cors = link_.config().cors; cors) {
        const bool asked = is_preflight(head);
        cors_fields_ = asked ? preflight_fields(*cors, head.fields) : cors_fields(*cors, head.fields);
        if (asked) fail(Reason::preflight);
        if (asked) return bytes;
    }
    identify(head);
    if (head.wants_upgrade) read_upgrade(head);
    if (refuse_by_head(head)) return bytes;
    // Not before: a key in use says nothing of a request that is refused for what it is, and that one uses no key up.
    const http::Field* key = head.fields.find(http::FieldId::idempotency_key);
    if (key != nullptr && !note_idempotency_key(key->value)) return bytes;
    const bool is_whole =
        framing_ == http::Framing::none || (framing_ == http::Framing::length && content_length_ <= bytes.size());
    // Step 3: before the body is read, and before the backend's head is written.
    if ((!is_whole || link_.worker.is_wary()) && certainly_refused()) return bytes;
    write_head(head);
    begin_body(head, bytes);
    return bytes;
}

void Exchange::identify(const http::RequestHead& head) {
    const Routing& routing = *link_.routing;
    const ShownKey shown = find_key(head.fields);
    const std::string chain = http::joined_forwarded_for(head.fields);
    static const ShownCertificate kNone;
    const ShownCertificate& certificate = link_.certificate ? *link_.certificate : kNone;
    const admission::Identity identity = routing.classifier.identify(
        {link_.peer, chain, shown.key, shown.ambiguous, certificate.subject, certificate.issuer});
    std::string room;
    const std::string_view compared = http::compared_path(head.path(), room);
    const admission::HeadFacts facts{link_.config().name, head.method, compared, find_header, &head.fields};
    join(routing.classifier.classify(identity, facts, open_));
    record_.source = identity.source;
    if (identity.certificate != nullptr) record_.key_name = identity.certificate->name;
    if (identity.api_key != nullptr) record_.key_name = identity.api_key->name;
    record_.retry_count = read_retry_count(head.fields);
    if (route_ == nullptr) return;
    ask_.client = identity.client;
    ask_.retry = record_.retry_count > 0;
    ask_.deadline = read_deadline(head.fields, arrived_);
    const Duration wall = arrived_.time_since_epoch() + link_.worker.state().wall_offset;
    ask_.cohort = admission::cohort_of(identity.dealt_as, std::chrono::duration_cast<std::chrono::seconds>(wall));
    trusted_ = identity.via_trusted;
    if (framing_ != http::Framing::none) {
        body_form_ = body_form(head.fields, facts_.api, !open_.empty());
        if (body_form_ != BodyForm::unread) coding_ = http::content_coding(head.fields);
        // A known call is refused for it; of others only the bytes are known then.
        if (coding_ == http::ContentCoding::unknown && !ai::is_known(facts_.api)) {
            body_form_ = BodyForm::unread;
            coding_ = http::ContentCoding::identity;
        }
    }
    // Until it has been read a long body may be a picture: the shortest prompt that it can be then.
    constexpr std::uint64_t kLongText = 1024;
    if (body_form_ == BodyForm::json) {
        ask_.prompt_tokens = route_->judge->prompts().estimate(std::min(content_length_, kLongText));
    }
}

void Exchange::join(ClassId cls) {
    route_ = link_.routing->find(cls);
    const Dialect spoken = route_ != nullptr ? route_->backend->config().dialect : Dialect::generic;
    dialect_ = ai::dialect_of(path(), spoken);
    if (route_ == nullptr) return;
    if (method() == "POST") facts_.api = ai::api_of(path(), spoken);
    const bool asks_of_a_job = (method() != "POST" && ai::is_video_path(path())) || !ai::response_id(path()).empty();
    if (spoken != Dialect::generic && asks_of_a_job) pass_beside_line();
    record_.cls = ask_.cls = route_->id;
    record_.backend = route_->backend->id();
    ask_.can_be_cut = route_->config.preemptible;
    if (ask_.can_be_cut) ticket_.allow_cutting();
}

bool Exchange::refuse_by_head(const http::RequestHead& head) {
    if (reason_ != Reason::admitted) return true;  // the first refusal stands
    if (route_ == nullptr) {
        fail(Reason::internal_error, "no traffic class matches");
    } else if (http::seen_before(head.fields, link_.worker.state().pseudonym)) {
        fail(Reason::loop_detected);
    } else if (head.method == "TRACE" && !link_.config().trace) {
        fail(Reason::method_not_allowed);
    } else if (head.max_forwards == 0) {
        fail(Reason::max_forwards);
    } else if (framing_ == http::Framing::length && content_length_ > link_.limits().body_bytes) {
        fail(Reason::body_too_large);
    } else if (!head.usual_path && link_.config().paths == PathForm::strict && is_misspelled_call(path())) {
        fail(Reason::bad_request, "the path is that of a known call in a spelling that not all servers read so");
    } else if (framing_ != http::Framing::none && facts_.api != ai::Api::generic) {
        const BodyFault fault = fault_of_body_fields(head.fields, facts_.api, coding_);
        if (fault.reason != Reason::admitted) fail(fault.reason, fault.detail);
    }
    return reason_ != Reason::admitted;
}

bool Exchange::note_idempotency_key(std::string_view key) {
    const IdempotencyKeys::Hash hash = IdempotencyKeys::hash(ask_.client, path(), key);
    const IdempotencyKeys::Standing standing = link_.worker.state().idempotency_keys.begin(hash);
    if (standing == IdempotencyKeys::Standing::in_flight) {
        fail(Reason::idempotency_key_in_use);
        return false;
    }
    idempotency_key_ = hash;
    if (standing == IdempotencyKeys::Standing::first) return true;
    ask_.retry = true;
    record_.retry_count = std::max(record_.retry_count, 1U);
    return true;
}

void Exchange::read_upgrade(const http::RequestHead& head) {
    // A backend without `websocket` is sent an ordinary request, and may answer it (RFC 9110 section 7.8).
    if (route_ == nullptr || !route_->backend->config().websocket) return;
    const http::UpgradeAsk ask = http::read_upgrade(head);
    if (ask == http::UpgradeAsk::none) return;
    // Whoever asks may send frames at once: what follows an answer that is no 101 must never be read as a request.
    keep_alive_ = false;
    upgrades_ = ask == http::UpgradeAsk::websocket;
    if (ask == http::UpgradeAsk::malformed) fail(Reason::bad_request, "the WebSocket handshake is malformed");
}

void Exchange::write_head(const http::RequestHead& head) {
    // What the caller says of earlier hops is kept only when those who say it are trusted; then the address that counts
    // is not the peer's.
    std::string chain;
    std::string_view forwarded_for = link_.peer_text;
    if (record_.source != link_.peer) {
        chain = http::joined_forwarded_for(head.fields).append(", ").append(link_.peer_text);
        forwarded_for = chain;
    }
    const http::Field* brought = head.fields.find(http::FieldId::traceparent);
    Traceparent made;
    if (brought == nullptr) made = link_.worker.next_traceparent();
    const std::string_view own = brought == nullptr ? std::string_view(made.data(), made.size()) : std::string_view{};
    note_trace(brought == nullptr ? own : brought->value);
    http::write_request_after_host(head,
                                   {.forwarded_for = forwarded_for,
                                    .over_tls = link_.stream->secure(),
                                    .request_id = request_id_,
                                    .traceparent = own,
                                    .pseudonym = link_.worker.state().pseudonym,
                                    .trusted = trusted_,
                                    .websocket = upgrades_,
                                    .identity = reads_answer(),
                                    .decoded = coding_ != http::ContentCoding::identity},
                                   head_);
    // The body's framing follows once it is known: see read_body().
}

// Its tokens are counted as it passes, its usage is read: it must not be compressed.
bool Exchange::reads_answer() const {
    return ai::is_known(facts_.api) || (ask_.beside_line && !path().ends_with("/content"));
}

void Exchange::note_trace(std::string_view traceparent) {
    // `version-traceid-parentid-flags`; what is not of that form is passed on and not logged.
    if (traceparent.size() < 36 || traceparent[2] != '-' || traceparent[35] != '-') return;
    std::copy_n(traceparent.begin() + 3, trace_id_.size(), trace_id_.begin());
    record_.trace_id = {trace_id_.data(), trace_id_.size()};
}

}  // namespace weir::downstream

// An exchange's first steps: everything that is taken from the request's head and body before the judge sees it.

#include <algorithm>
#include <charconv>
#include <chrono>

#include "admission/classify/cohort.hpp"
#include "ai/dialect.hpp"
#include "ai/video.hpp"
#include "downstream/exchange.hpp"
#include "downstream/framing.hpp"
#include "downstream/worker.hpp"
#include "http/forward.hpp"
#include "http/websocket.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;
using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr Duration kDrainTime = 500ms;

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

// Whether the body is read as JSON. On calls that take nothing else what the client calls it does not count, as engines
// read it all the same; forms with files in them are another matter.
bool is_read_as_json(const http::FieldTable& fields, ai::Api api) {
    const http::Field* type = fields.find(http::FieldId::content_type);
    if (type == nullptr) return ai::is_known(api);
    const std::string_view essence = http::trim(type->value.substr(0, type->value.find(';')));
    if (http::equals_ignoring_case(essence, "application/json")) return true;
    return ai::is_known(api) && !http::equals_ignoring_case(essence, "multipart/form-data");
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
    identify(head);
    if (head.wants_upgrade) read_upgrade(head);
    const http::Field* key = head.fields.find(http::FieldId::idempotency_key);
    if (key != nullptr && route_ != nullptr) note_idempotency_key(key->value);
    if (refuse_by_head(head)) return bytes;
    write_head(head);
    // The usual body is short and comes with its head: it is taken from where it was read.
    const bool all_here = framing_ == http::Framing::length && content_length_ <= bytes.size();
    if (all_here && !expects_continue_ && content_length_ <= body_bound() && !take_body(bytes)) return bytes;
    if (body_reader_.done()) {
        read_asked();
        end_head();
    }
    return bytes;
}

void Exchange::identify(const http::RequestHead& head) {
    const Routing& routing = *link_.routing;
    const ShownKey shown = find_key(head.fields);
    const std::string chain = http::joined_forwarded_for(head.fields);
    const admission::Identity identity =
        routing.classifier.identify({link_.peer, chain, shown.key, shown.ambiguous, link_.subject});
    const admission::HeadFacts facts{routing.find(link_.listener)->config.name, head.method, head.path(), find_header,
                                     &head.fields};
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
    is_json_ = framing_ != http::Framing::none && is_read_as_json(head.fields, facts_.api);
    if (is_json_) ask_.prompt_tokens = route_->judge->prompts().estimate(content_length_);
}

void Exchange::join(ClassId cls) {
    route_ = link_.routing->find(cls);
    const Dialect spoken = route_ != nullptr ? route_->backend->config().dialect : Dialect::generic;
    dialect_ = ai::dialect_of(path(), spoken);
    if (route_ == nullptr) return;
    if (method() == "POST") facts_.api = ai::api_of(path(), spoken);
    if (spoken != Dialect::generic && method() != "POST" && ai::is_video_path(path())) pass_beside_line();
    record_.cls = ask_.cls = route_->id;
    record_.backend = route_->backend->id();
    ask_.can_be_cut = route_->config.preemptible;
    if (ask_.can_be_cut) ticket_.allow_cutting();
}

// The body is here, or as much of it as is read before the line.
void Exchange::resolve_class() {
    const std::string model = facts_.text(ai::Member::model, body_);
    const std::string tier = facts_.text(ai::Member::service_tier, body_);
    const std::uint64_t bytes = std::max<std::uint64_t>(body_.size(), content_length_);
    join(link_.routing->classifier.resolve(open_, {.there = is_json_,
                                                   .model = model,
                                                   .service_tier = tier,
                                                   .prompt_tokens = ai::estimated_tokens(bytes),
                                                   .stream = facts_.stream}));
}

bool Exchange::refuse_by_head(const http::RequestHead& head) {
    if (route_ == nullptr) {
        fail(Reason::internal_error, "no traffic class matches");
    } else if (http::seen_before(head.fields, link_.worker.state().pseudonym)) {
        fail(Reason::loop_detected);
    } else if (head.max_forwards == 0) {
        fail(Reason::max_forwards);
    } else if (framing_ == http::Framing::length && content_length_ > link_.limits().body_bytes) {
        fail(Reason::body_too_large);
    }
    return reason_ != Reason::admitted;
}

void Exchange::note_idempotency_key(std::string_view key) {
    const IdempotencyKeys::Hash hash = IdempotencyKeys::hash(ask_.client, path(), key);
    const IdempotencyKeys::Standing standing = link_.worker.state().idempotency_keys.begin(hash);
    if (standing == IdempotencyKeys::Standing::in_flight) return fail(Reason::idempotency_key_in_use);
    idempotency_key_ = hash;
    if (standing == IdempotencyKeys::Standing::first) return;
    ask_.retry = true;
    record_.retry_count = std::max(record_.retry_count, 1U);
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
                                    .websocket = upgrades_},
                                   head_);
    // The body's framing follows once it is known: see read_body().
}

void Exchange::note_trace(std::string_view traceparent) {
    // `version-traceid-parentid-flags`; what is not of that form is passed on and not logged.
    if (traceparent.size() < 36 || traceparent[2] != '-' || traceparent[35] != '-') return;
    std::copy_n(traceparent.begin() + 3, trace_id_.size(), trace_id_.begin());
    record_.trace_id = {trace_id_.data(), trace_id_.size()};
}

std::uint64_t Exchange::body_bound() const {
    return std::min(link_.routing->limits.body_before_line, link_.limits().body_bytes);
}

net::task<bool> Exchange::read_body() {
    const std::uint64_t bound = body_bound();
    // A class that depends on the body cannot be chosen without it, nor can the price be told.
    if (expects_continue_ && needs_body() && content_length_ <= bound) {
        const bool sent = co_await link_.send(Presence::kInterim);
        if (!sent) fail(Reason::client_gone);
        if (!sent) co_return false;
        expects_continue_ = false;
    }
    const bool ahead = !expects_continue_ && (framing_ == http::Framing::chunked || content_length_ <= bound);
    const TimePoint began = link_.turn();
    TimePoint deadline = began + link_.limits().body_timeout;
    while (ahead && !body_reader_.done() && body_.size() <= bound) {
        if (!take_from_inbox()) co_return false;
        if (body_reader_.done()) break;
        const IoStatus status = link_.read_more(kReadBytes);
        if (status == IoStatus::ok) {
            deadline = link_.turn() + link_.limits().body_timeout;
            continue;
        }
        if (status == IoStatus::eof || status == IoStatus::failed) {
            fail(Reason::client_gone);
            co_return false;
        }
        if (link_.turn() >= deadline) {
            fail(Reason::request_timeout, "the body stopped arriving");
            co_return false;
        }
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
    read_asked();
    end_head();
    waited_ += link_.turn() - began;
    co_return reason_ == Reason::admitted;
}

void Exchange::read_asked() {
    if (!is_json_) {
        if (!open_.empty()) resolve_class();
        estimate_output();
        return;
    }
    facts_ = ai::read_facts(facts_.api, body_);
    if (!open_.empty()) resolve_class();
    const std::uint64_t bytes = std::max<std::uint64_t>(body_.size(), content_length_);
    ask_.prompt_tokens = route_->judge->prompts().estimate(bytes);
    ask_.streams = facts_.stream;
    note_model();
    estimate_output();
    // A body that is too large to be here in full goes as it is: its beginning tells what it can, and the rest is the
    // endpoint's to judge.
    if (!body_reader_.done()) return;
    if (!facts_.fault.empty()) return fail(Reason::bad_request, facts_.fault);
    rewrite_body();
}

bool Exchange::take_from_inbox() {
    std::string_view bytes = link_.inbox;
    const bool going = take_body(bytes);
    link_.inbox.erase(0, link_.inbox.size() - bytes.size());
    return going;
}

bool Exchange::take_body(std::string_view& bytes) {
    if (body_.empty()) body_ = link_.worker.texts().take();
    while (!bytes.empty() && !body_reader_.done()) {
        const http::BodyReader::Piece piece = body_reader_.next(bytes);
        if (piece.failed) {
            fail(Reason::bad_request, "the chunked framing of the body is broken");
            return false;
        }
        bytes.remove_prefix(piece.consumed);
        body_.append(piece.content);
    }
    hold(body_.size());
    if (body_.size() > link_.limits().body_bytes) fail(Reason::body_too_large);
    const auto held_by_all = link_.worker.state().buffered_bytes.load(std::memory_order_relaxed);
    if (held_by_all > static_cast<std::int64_t>(memory_share())) fail(Reason::memory_pressure);
    return reason_ == Reason::admitted;
}

// Each step down in priority leaves a tenth of the memory to the better classes, so that under pressure the least
// important is refused first.
std::uint64_t Exchange::memory_share() const {
    const auto rank = static_cast<std::uint64_t>(route_->config.priority);
    return link_.routing->limits.buffered_bytes / 10 * (10 - rank);
}

void Exchange::end_head() {
    if (!body_reader_.done()) {
        http::end_request_head({framing_, content_length_}, head_);
        // What was read ahead of a chunked body goes as a chunk of its own.
        if (framing_ == http::Framing::chunked && !body_.empty()) {
            body_.insert(0, ChunkSize(body_.size()).text()).append("\r\n");
        }
        return;
    }
    // A body that is all here goes with its length, however it came. Methods that usually have one say so when it is
    // empty (RFC 9110 section 8.6).
    const bool usual = method() == "POST" || method() == "PUT" || method() == "PATCH";
    const bool has_length = framing_ != http::Framing::none || usual;
    http::end_request_head({has_length ? http::Framing::length : http::Framing::none, body_.size()}, head_);
}

net::task<bool> Exchange::finish_request_body() {
    const TimePoint deadline = link_.turn() + kDrainTime;
    while (!body_reader_.done()) {
        std::string_view bytes = link_.inbox;
        while (!bytes.empty() && !body_reader_.done()) {
            const http::BodyReader::Piece piece = body_reader_.next(bytes);
            if (piece.failed) co_return false;
            bytes.remove_prefix(piece.consumed);
        }
        link_.inbox.erase(0, link_.inbox.size() - bytes.size());
        if (body_reader_.done()) break;
        const IoStatus status = link_.read_more(kReadBytes);
        if (status == IoStatus::ok) continue;
        if (status != IoStatus::would_block || link_.turn() >= deadline) co_return false;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
    co_return true;
}

}  // namespace weir::downstream

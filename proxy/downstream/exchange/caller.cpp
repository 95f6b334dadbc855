#include "downstream/exchange/caller.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "admission/classify/cohort.hpp"
#include "ai/dialect.hpp"
#include "ai/video.hpp"
#include "base/ascii.hpp"
#include "base/stable_hash.hpp"
#include "downstream/exchange/body_fields.hpp"
#include "http/forward.hpp"
#include "http/path.hpp"

namespace weir::downstream {
namespace {

std::string_view without_bearer(std::string_view value) {
    constexpr std::string_view kScheme = "bearer ";
    if (value.size() <= kScheme.size() || !http::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme))
        return {};
    return trim(value.substr(kScheme.size()));
}

// The key of the request, wherever its dialect puts it. Two different keys count as none: a client that sends both
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

// Only some servers would treat the path as a known call: it has parameters, or letters in the other case.
bool is_misspelled_call(std::string_view path) {
    std::string buffer;
    const std::string_view compared = http::compared_path(path, buffer);
    if (ai::is_miscased_call(compared)) return true;
    return !buffer.empty() && (ai::is_known(ai::api_of(compared, Dialect::generic)) || ai::is_video_path(compared) ||
                               ai::is_realtime(compared));
}

// Polls of jobs, downloads and lists go to the job's endpoint, and do not queue behind the creation of others. Of the
// responses only those that are jobs are known.
void bypass_queue(Caller& caller, const Inbound& inbound) {
    const std::string_view response = ai::response_id(inbound.path());
    const EndpointId endpoint =
        caller.route->jobs->endpoint_of(response.empty() ? ai::video_id(inbound.path()) : response);
    if (!response.empty() && endpoint == kNoEndpoint) return;
    caller.ask.bypasses_queue = true;
    caller.ask.endpoint = endpoint;
}

// Whether a backend that the request may go to has a name of its own for some model.
bool renames_models(const Route& route) {
    const auto renames = [](const Route& other) { return renames_models(other); };
    return !route.backend->config().models.empty() ||
           std::any_of(route.degrade_routes.begin(), route.degrade_routes.end(), renames) ||
           std::any_of(route.fallbacks.begin(), route.fallbacks.end(), renames);
}

void read_body_form(Caller& caller, const Inbound& inbound, const http::FieldTable& fields) {
    if (!inbound.has_body()) return;
    const bool counts =
        !caller.open.empty() || (ai::names_model_in_form(inbound.path()) && renames_models(*caller.route));
    caller.body_form = body_form(fields, caller.api, counts);
    if (caller.body_form != BodyForm::unread) caller.coding = http::content_coding(fields);
    // A known call is refused for that; of other calls only the bytes are known then.
    if (caller.coding == http::ContentCoding::unknown && !ai::is_known(caller.api)) {
        caller.body_form = BodyForm::unread;
        caller.coding = http::ContentCoding::identity;
    }
    if (caller.body_form == BodyForm::form) {
        const http::Field* type = fields.find(http::FieldId::content_type);
        if (type != nullptr) caller.form_type = type->value;
    }
    // Until it has been read, a long body may be a picture: this is the shortest prompt that it can be then.
    constexpr std::uint64_t kLongText = 1024;
    if (caller.body_form == BodyForm::json) {
        const std::uint64_t text = std::min(inbound.content_length, kLongText);
        caller.ask.prompt_tokens = caller.route->judge->prompts().estimate(text);
    }
}

// The conversation that a header names, where the backend chooses endpoints by it; while the class depends on the body,
// any backend that does. 0: none.
std::uint64_t named_conversation(const Client& client, const Caller& caller, const http::FieldTable& fields) {
    const auto named = [&fields](const Route& route) -> std::uint64_t {
        const auto& affinity = route.backend->config().affinity;
        const http::Field* field = affinity ? fields.find_single(affinity->header) : nullptr;
        if (field == nullptr || field->value.empty()) return 0;
        return std::max<std::uint64_t>(StableHash::of(field->value), 1);
    };
    if (caller.open.empty()) return named(*caller.route);
    for (const Route& route : client.routing->routes) {
        if (const std::uint64_t conversation = named(route)) return conversation;
    }
    return 0;
}

// Its tokens are counted as it passes and its usage is read, so it must not be compressed.
bool reads_answer(const Caller& caller, const Inbound& inbound) {
    return ai::is_known(caller.api) || (caller.ask.bypasses_queue && !inbound.path().ends_with("/content"));
}

}  // namespace

Caller identify(const Client& client, const Inbound& inbound, const http::RequestHead& head, Outcome& outcome) {
    Caller caller;
    const admission::Classifier& classifier = client.routing->classifier;
    const ShownKey shown = find_key(head.fields);
    const std::string chain = http::joined_forwarded_for(head.fields);
    static const ShownCertificate kNone;
    const ShownCertificate& certificate = client.certificate ? *client.certificate : kNone;
    const admission::Identity identity =
        classifier.identify({client.peer, chain, shown.key, shown.ambiguous, certificate.subject, certificate.issuer});
    std::string buffer;
    const std::string_view compared = http::compared_path(head.path(), buffer);
    const admission::HeadFacts facts{client.config().name, head.method, compared, find_header, &head.fields};
    join(caller, classifier.classify(identity, facts, caller.open), client, inbound, outcome);
    telemetry::Record& record = outcome.record;
    record.source = identity.source;
    if (identity.certificate != nullptr) record.key_name = identity.certificate->name;
    if (identity.api_key != nullptr) record.key_name = identity.api_key->name;
    record.retry_count = read_retry_count(head.fields);
    if (caller.route == nullptr) return caller;
    caller.ask.client = identity.client;
    caller.ask.affinity = named_conversation(client, caller, head.fields);
    caller.ask.retry = record.retry_count > 0;
    caller.ask.deadline = read_deadline(head.fields, outcome.arrived);
    const Duration wall = outcome.arrived.time_since_epoch() + client.worker.state().wall_offset;
    caller.ask.cohort =
        admission::cohort_of(identity.cohort_key, std::chrono::duration_cast<std::chrono::seconds>(wall));
    caller.trusted = identity.via_trusted;
    read_body_form(caller, inbound, head.fields);
    // A backend without `websocket` gets an ordinary request, and may answer it (RFC 9110 section 7.8).
    if (head.wants_upgrade && caller.route->backend->config().websocket) caller.upgrade = http::read_upgrade(head);
    return caller;
}

void join(Caller& caller, ClassId cls, const Client& client, const Inbound& inbound, Outcome& outcome) {
    caller.route = client.routing->find(cls);
    const Dialect spoken = caller.route != nullptr ? caller.route->backend->config().dialect : Dialect::generic;
    const std::string_view path = inbound.path();
    const bool posts = inbound.method() == "POST";
    caller.dialect = ai::dialect_of(path, spoken);
    if (caller.route == nullptr) return;
    if (posts) caller.api = ai::api_of(path, spoken);
    const bool asks_of_a_job = (!posts && ai::is_video_path(path)) || !ai::response_id(path).empty();
    if (spoken != Dialect::generic && asks_of_a_job) bypass_queue(caller, inbound);
    caller.ask.cls = outcome.record.cls = caller.route->id;
    outcome.record.backend = caller.route->backend->id();
    caller.ask.can_be_cut = caller.route->config.preemptible;
}

Passed screen(const Client& client, const Inbound& inbound, const Caller& caller, const http::RequestHead& head) {
    if (caller.upgrade == http::UpgradeAsk::malformed) {
        return refused(Reason::bad_request, "the WebSocket handshake is malformed");
    }
    if (caller.route == nullptr) return refused(Reason::internal_error, "no traffic class matches");
    if (http::seen_before(head.fields, client.worker.state().pseudonym)) return refused(Reason::loop_detected);
    if (head.method == "TRACE" && !client.config().trace) return refused(Reason::method_not_allowed);
    if (head.max_forwards == 0) return refused(Reason::max_forwards);
    if (inbound.framing == http::Framing::length && inbound.content_length > client.limits().body_bytes) {
        return refused(Reason::body_too_large);
    }
    if (!head.usual_path && client.config().paths == PathForm::strict && is_misspelled_call(inbound.path())) {
        return refused(Reason::bad_request,
                       "the path is that of a known call in a spelling that not all servers read so");
    }
    if (!inbound.has_body() || caller.api == ai::Api::generic) return nullptr;
    const BodyFault fault = fault_of_body_fields(head.fields, caller.api, caller.coding);
    return fault.reason == Reason::admitted ? nullptr : refused(fault.reason, fault.detail);
}

void write_head(const Client& client, Inbound& inbound, const Caller& caller, const http::RequestHead& head,
                Outcome& outcome) {
    // Earlier hops are kept only if they come from a trusted proxy; then the client's address is not the peer's.
    std::string chain;
    std::string_view forwarded_for = client.peer_text;
    if (outcome.record.source != client.peer) {
        chain = http::joined_forwarded_for(head.fields).append(", ").append(client.peer_text);
        forwarded_for = chain;
    }
    const http::Field* brought = head.fields.find(http::FieldId::traceparent);
    Traceparent made;
    if (brought == nullptr) made = client.worker.ids().next_traceparent();
    const std::string_view own = brought == nullptr ? std::string_view(made.data(), made.size()) : std::string_view{};
    outcome.note_trace(brought == nullptr ? own : brought->value);
    http::write_request_after_host(head,
                                   {.forwarded_for = forwarded_for,
                                    .over_tls = client.stream->secure(),
                                    .request_id = inbound.id,
                                    .traceparent = own,
                                    .pseudonym = client.worker.state().pseudonym,
                                    .trusted = caller.trusted,
                                    .websocket = caller.upgrades(),
                                    .identity = reads_answer(caller, inbound),
                                    .decoded = caller.coding != http::ContentCoding::identity},
                                   inbound.head);
    // end_head() adds the body's framing once it is known.
}

}  // namespace weir::downstream

#include "downstream/exchange/answer.hpp"

#include <chrono>

#include "ai/stored_object.hpp"
#include "base/ascii.hpp"

namespace weir::downstream {
namespace {

bool has_essence(const http::Field& type, std::string_view essence) {
    return http::equals_ignoring_case(trim(type.value.substr(0, type.value.find(';'))), essence);
}

bool is_json_lines(const http::ResponseHead& head) {
    const http::Field* type = head.fields.find(http::FieldId::content_type);
    if (type == nullptr) return false;
    return has_essence(*type, "application/x-ndjson") || has_essence(*type, "application/ndjson") ||
           has_essence(*type, "application/jsonl");
}

}  // namespace

bool is_event_stream(const http::ResponseHead& head, const ai::RequestFacts& facts) {
    if (head.event_stream) return true;
    if (!ai::is_known(facts.api) || !facts.stream || head.status >= 300) return false;
    const http::Field* type = head.fields.find(http::FieldId::content_type);
    return type == nullptr || has_essence(*type, "text/plain");
}

Reading reading_of(const http::ResponseHead& head, const Inbound& inbound, const Caller& caller,
                   const ai::RequestFacts& facts) {
    // Compressed answers are not read: engines do not compress, only proxies in front of them may.
    if (http::is_encoded(head.fields)) return Reading::none;
    const bool known = facts.api != ai::Api::generic;
    if (is_event_stream(head, facts)) return known ? Reading::events : Reading::other_events;
    if (known && head.status < 300 && is_json_lines(head)) return Reading::lines;
    if (caller.ask.bypasses_queue) return inbound.path().ends_with("/content") ? Reading::none : Reading::job;
    if (caller.starts_job(facts.background)) return Reading::job;
    const bool reports_usage = known && facts.api != ai::Api::count_tokens;
    return reports_usage && head.status < 300 ? Reading::document : Reading::none;
}

http::OutboundFraming plan_framing(const http::ResponseHead& head, const Inbound& inbound, bool keeps_length) {
    http::OutboundFraming framing{head.framing, head.content_length};
    const bool has_length = framing.framing == http::Framing::length || framing.framing == http::Framing::none;
    if (!has_length || (!keeps_length && framing.framing == http::Framing::length)) {
        framing.framing = inbound.minor_version >= 1 ? http::Framing::chunked : http::Framing::until_close;
    }
    const bool bodiless = inbound.method() == "HEAD" || head.status == 204 || head.status == 304;
    if (!bodiless && framing.framing == http::Framing::none) framing.framing = http::Framing::length;
    return framing;
}

ai::RateFields rate_fields(const Caller& caller, TimePoint now) {
    if (caller.api == ai::Api::generic || caller.route == nullptr) return {};
    const admission::ClassConfig& config = caller.route->config;
    const auto has_rates = [](const admission::LimitConfig& limit) { return limit.requests || limit.tokens; };
    if (!has_rates(config.limits) && !has_rates(config.per_client)) return {};
    const admission::Allowance allowance = caller.route->limits().allowance(caller.ask, now);
    const auto left = [&](admission::Meter meter) {
        const admission::Allowance::Of& of = allowance.of[static_cast<std::size_t>(meter)];
        return ai::RateLeft{static_cast<std::uint64_t>(of.limit), static_cast<std::uint64_t>(of.remaining), of.reset};
    };
    using admission::Meter;
    // Only Anthropic's resets are instants.
    const auto wall = caller.dialect == Dialect::anthropic ? std::chrono::system_clock::now()
                                                           : decltype(std::chrono::system_clock::now()){};
    return {
        caller.dialect, {left(Meter::requests), left(Meter::tokens), left(Meter::input), left(Meter::output)}, wall};
}

bool names_sticky(const Inbound& inbound, const Caller& caller) {
    return caller.route->sticky != nullptr && ai::names_stored(inbound.method(), inbound.path());
}

std::string write_answer_head(const Client& client, const Inbound& inbound, const Caller& caller, const Prompt& prompt,
                              const Outcome& outcome, const http::ResponseHead& head,
                              const http::OutboundFraming& framing, bool close) {
    std::string text = client.worker.texts().take();
    text.reserve(512);
    const ai::RateFields rates = rate_fields(caller, client.turn());
    const std::string_view degraded_tier = prompt.degraded_tier();
    http::write_response_head(
        head,
        {.request_id = inbound.id,
         .pseudonym = client.worker.state().pseudonym,
         .close = close,
         .minor_version = inbound.minor_version,
         .head_only = inbound.method() == "HEAD" || head.status == 304,
         .websocket = head.status == 101,
         .service_tier = degraded_tier.empty() ? caller.route->config.service_tier : degraded_tier,
         .degraded = outcome.degraded,
         .attempts = outcome.record.attempts,
         .rate_fields = rates.text(),
         .cors_fields = inbound.cors_fields},
        framing, text);
    return text;
}

}  // namespace weir::downstream

// What an exchange takes: what its request asks for, what its answer says of it, and what is left of its caller's
// rates.

#include <algorithm>
#include <chrono>

#include "ai/rate_fields.hpp"
#include "ai/rewrite.hpp"
#include "ai/video.hpp"
#include "downstream/exchange.hpp"
#include "downstream/worker.hpp"

namespace weir::downstream {
namespace {

bool has_essence(const http::Field& type, std::string_view essence) {
    return http::equals_ignoring_case(http::trim(type.value.substr(0, type.value.find(';'))), essence);
}

bool is_json_lines(const http::ResponseHead& head) {
    const http::Field* type = head.fields.find(http::FieldId::content_type);
    if (type == nullptr) return false;
    return has_essence(*type, "application/x-ndjson") || has_essence(*type, "application/ndjson") ||
           has_essence(*type, "application/jsonl");
}

}  // namespace

// What the answer may come to at most, where the request says; else what answers usually do.
bool Exchange::estimate_output() {
    switch (facts_.api) {
        case ai::Api::count_tokens: ask_.prompt_tokens = 0; return true;  // read, but not by the model
        case ai::Api::videos: {
            const auto seconds = ai::video_seconds(facts_);
            ask_.video_seconds = seconds.value_or(0);
            ask_.prompt_tokens = 0;   // no LLM reads it
            ask_.can_be_cut = false;  // the job is not the answer
            return seconds.has_value();
        }
        case ai::Api::responses:
            if (facts_.background) ask_.can_be_cut = false;
            break;
        case ai::Api::chat:
        case ai::Api::completions:
        case ai::Api::messages: break;
        default: return true;
    }
    const std::uint64_t one = facts_.max_output_tokens.value_or(route_->judge->answers().usual());
    const std::uint64_t of_each = std::min(kMaxTokens, one * std::max(facts_.n, 1U));
    ask_.output_tokens = static_cast<std::uint32_t>(std::min(kMaxTokens, of_each * facts_.prompts));
    return true;
}

void Exchange::note_model() {
    const std::string_view written = facts_.raw_text(ai::Member::model);
    if (written.empty()) return;
    std::string said;
    if (written.find('\\') != std::string_view::npos) said = facts_.text(ai::Member::model);
    const std::string_view model = said.empty() ? written : std::string_view(said);
    record_.model = {model_.data(), model.copy(model_.data(), model_.size())};
}

void Exchange::rewrite_body() {
    ai::Rewrite rewrite(facts_);
    if (!route_->degrade.empty() && facts_.is_object) degrade(rewrite);
    tell_tier(rewrite);
    const upstream::BackendConfig& backend = route_->backend->config();
    const bool streams_chunks = facts_.api == ai::Api::chat || facts_.api == ai::Api::completions;
    asked_usage_ = facts_.stream && !facts_.include_usage && streams_chunks && backend.ask_usage;
    if (asked_usage_) rewrite.set(ai::Member::include_usage, "true");
    tell_priority(rewrite);
    if (!rewrite.empty() && rewrite.apply(body_)) hold(body_.capacity());
}

// Questions about jobs, downloads, lists: they go where the job is, and wait for no others to be made. Of responses
// only those that are jobs are known.
void Exchange::pass_beside_line() {
    const std::string_view response = ai::response_id(path());
    const EndpointId endpoint = route_->judge->jobs().endpoint_of(response.empty() ? ai::video_id(path()) : response);
    if (!response.empty() && endpoint == kNoEndpoint) return;
    ask_.beside_line = true;
    ask_.endpoint = endpoint;
}

ai::RateFields Exchange::rate_fields() const {
    if (facts_.api == ai::Api::generic || route_ == nullptr) return {};
    const admission::ClassConfig& config = route_->config;
    const auto has_rates = [](const admission::LimitConfig& limit) { return limit.requests || limit.tokens; };
    if (!has_rates(config.limits) && !has_rates(config.per_client)) return {};
    const admission::Allowance allowance = route_->judge->allowance(ask_, link_.turn());
    const auto left = [&](admission::Meter meter) {
        const admission::Allowance::Of& of = allowance.of[static_cast<std::size_t>(meter)];
        return ai::RateLeft{static_cast<std::uint64_t>(of.limit), static_cast<std::uint64_t>(of.remaining), of.reset};
    };
    using admission::Meter;
    // Only Anthropic's resets are instants.
    const auto now = dialect_ == Dialect::anthropic ? std::chrono::system_clock::now()
                                                    : decltype(std::chrono::system_clock::now()){};
    return {dialect_, {left(Meter::requests), left(Meter::tokens), left(Meter::input), left(Meter::output)}, now};
}

// It says so, or it answers a call that asked for a stream, and calls it text.
bool Exchange::is_event_stream(const http::ResponseHead& head) const {
    if (head.event_stream) return true;
    if (!ai::is_known(facts_.api) || !facts_.stream || head.status >= 300) return false;
    const http::Field* type = head.fields.find(http::FieldId::content_type);
    return type == nullptr || has_essence(*type, "text/plain");
}

Reading Exchange::reading_of(const http::ResponseHead& head) const {
    // What is compressed is not read: engines do not, unless something stands before them that does.
    if (http::is_encoded(head.fields)) return Reading::none;
    const bool known = facts_.api != ai::Api::generic;
    if (is_event_stream(head)) return known ? Reading::events : Reading::other_events;
    if (known && head.status < 300 && is_json_lines(head)) return Reading::lines;
    if (ask_.beside_line) return path().ends_with("/content") ? Reading::none : Reading::job;
    if (is_job()) return Reading::job;
    const bool tells = known && facts_.api != ai::Api::count_tokens;
    return tells && head.status < 300 ? Reading::document : Reading::none;
}

// The answer is only the word of it: what the request holds is the job's from then on.
bool Exchange::is_job() const {
    return facts_.api == ai::Api::videos || (facts_.api == ai::Api::responses && facts_.background);
}

void Exchange::note_job(const Progress& progress) {
    VideoJobs& jobs = route_->judge->jobs();
    const TimePoint now = link_.turn();
    const auto job = progress.job();
    if (!is_job()) {
        // Asked about: what is not there any more is over, as is what was deleted.
        const std::string_view response = ai::response_id(path());
        const std::string_view id = response.empty() ? ai::video_id(path()) : response;
        const bool gone = record_.status == 404 || (method() == "DELETE" && record_.status < 300);
        const ai::Usage usage = progress.usage();
        if (gone) return jobs.end(id, now);
        if (job && job->over && record_.status < 300) jobs.end(id, now, {usage.input, usage.output, job->seconds});
        return;
    }
    if (record_.status >= 300 || !job || job->over) return;
    (void)jobs.begin(ticket_, job->id, now + route_->backend->config().timeouts.job, now,
                     facts_.api == ai::Api::responses);
}

void Exchange::note_streamed_job(const Progress& progress) {
    if (ticket_.standing() != admission::Standing::running || progress.usage().final) return;
    const TimePoint now = link_.turn();
    const auto job = progress.streamed_job();
    if (job)
        (void)route_->judge->jobs().begin(ticket_, job->id, now + route_->backend->config().timeouts.job, now, true);
}

// What the engine says it has written is so once its answer has ended. Of one that broke off it may be a beginning, and
// what was counted may be more.
void Exchange::note_tokens(const Progress& progress, bool whole) {
    if (record_.status >= 300 || facts_.api == ai::Api::count_tokens || facts_.api == ai::Api::videos) return;
    if (ask_.beside_line) return;  // what it tells of is another's
    const ai::Usage usage = progress.usage();
    using telemetry::TokenSource;
    if (usage.input) {
        record_.tokens_in = {*usage.input, TokenSource::usage};
        // A picture says nothing of how long a token of text is.
        const bool is_text = facts_.is_object && facts_.media.parts == 0;
        if (is_text) route_->judge->prompts().learn(facts_.body_bytes, *usage.input);
    } else if (ask_.prompt_tokens > 0) {
        record_.tokens_in = {ask_.prompt_tokens, TokenSource::estimated};
    }
    const std::uint32_t counted = progress.counted();
    const bool is_final = whole && usage.final;
    if (usage.output && (is_final || *usage.output >= counted)) {
        record_.tokens_out = {*usage.output, TokenSource::usage};
    } else if (counted > 0) {
        record_.tokens_out = {counted, TokenSource::counted};
    } else if (progress.reading() == Reading::none && ask_.output_tokens > 0) {
        record_.tokens_out = {ask_.output_tokens, TokenSource::estimated};
    }
}

}  // namespace weir::downstream

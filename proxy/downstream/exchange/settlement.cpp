#include "downstream/exchange/settlement.hpp"

#include "ai/stored_object.hpp"
#include "ai/video.hpp"
#include "downstream/exchange/answer.hpp"

namespace weir::downstream {

void Settlement::answer_is_in() {
    outcome_.reason = outcome_.record.queue > Duration::zero() ? Reason::admitted_after_wait : Reason::admitted;
    if (caller_.ask.bypasses_queue) outcome_.reason = Reason::exempt;
    note_tokens(true);
    const std::uint32_t length = outcome_.record.tokens_out.tokens;
    if (length > 0) slot_.judge().answers().learn(length);
    note_stored();
    if (progress_.reading() == Reading::job) note_job();
    slot_.finish();
}

void Settlement::note_stored() {
    const bool made = outcome_.record.status >= 200 && outcome_.record.status < 300;
    if (!made || !names_sticky(inbound_, caller_)) return;
    for (const std::string& id : ai::named_ids(inbound_.path(), progress_.beginning())) {
        caller_.route->sticky->note(id, slot_.endpoint(), outcome_.client.turn());
    }
}

void Settlement::broke_off(RelayEnd end) {
    outcome_.reason = reason_of(end);
    // Otherwise only its last bytes were not sent.
    if (slot_.running()) note_tokens(false);
    if (end == RelayEnd::evicted) outcome_.note_gate(slot_.ticket().eviction());
    if (caller_.starts_job(facts_.background) && facts_.stream) note_streamed_job();
    slot_.finish();
}

void Settlement::note_job() {
    VideoJobs& jobs = *caller_.route->jobs;
    const TimePoint now = outcome_.client.turn();
    const auto job = progress_.job();
    const int status = outcome_.record.status;
    if (!caller_.starts_job(facts_.background)) {
        // A poll: a job that no longer exists is over, and so is one that was deleted.
        const std::string_view response = ai::response_id(inbound_.path());
        const std::string_view id = response.empty() ? ai::video_id(inbound_.path()) : response;
        const bool gone = status == 404 || (inbound_.method() == "DELETE" && status < 300);
        const ai::Usage usage = progress_.usage();
        if (gone) return jobs.end(id, now);
        if (job && job->over && status < 300) jobs.end(id, now, {usage.input, usage.output, job->seconds});
        return;
    }
    if (status >= 300 || !job || job->over) return;
    (void)jobs.begin(slot_.ticket(), job->id, now + caller_.route->backend->config().timeouts.job, now,
                     facts_.api == ai::Api::responses);
}

void Settlement::note_streamed_job() {
    if (!slot_.running() || progress_.usage().final) return;
    const TimePoint now = outcome_.client.turn();
    const TimePoint end_by = now + caller_.route->backend->config().timeouts.job;
    if (const auto job = progress_.streamed_job()) {
        (void)caller_.route->jobs->begin(slot_.ticket(), job->id, end_by, now, true);
    }
}

// The engine's output count is final once its answer has ended. If the answer broke off, it may be a beginning, and the
// number counted here may be larger.
void Settlement::note_tokens(bool whole) {
    telemetry::Record& record = outcome_.record;
    if (record.status >= 300 || facts_.api == ai::Api::count_tokens || facts_.api == ai::Api::videos) return;
    if (caller_.ask.bypasses_queue) return;  // its answer reports another request's usage
    const ai::Usage usage = progress_.usage();
    using telemetry::TokenSource;
    if (usage.input) {
        record.tokens_in = {*usage.input, TokenSource::usage};
        // A picture says nothing about the length of a token of text.
        const bool is_text = facts_.is_object && facts_.media.parts == 0;
        if (is_text) slot_.judge().prompts().learn(facts_.body_bytes, *usage.input);
    } else if (caller_.ask.prompt_tokens > 0) {
        record.tokens_in = {caller_.ask.prompt_tokens, TokenSource::estimated};
    }
    const std::uint32_t counted = progress_.counted();
    const bool is_final = whole && usage.final;
    if (usage.output && (is_final || *usage.output >= counted)) {
        record.tokens_out = {*usage.output, TokenSource::usage};
    } else if (counted > 0) {
        record.tokens_out = {counted, TokenSource::counted};
    } else if (progress_.reading() == Reading::none && caller_.ask.output_tokens > 0) {
        record.tokens_out = {caller_.ask.output_tokens, TokenSource::estimated};
    }
}

}  // namespace weir::downstream

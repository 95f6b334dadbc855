#pragma once
// Follows an answer as it passes: its token counts, and what the judge is notified of, namely that it has begun and how
// long it has become. In the other direction: that it is preempted.
//
// Only event streams notify the judge before their end; other answers do at their end. Tokens are reported in steps, so
// that a stream takes the judge's lock for only a fraction of its events.

#include <memory>
#include <span>
#include <utility>

#include "ai/event_scanner.hpp"
#include "ai/model_renamer.hpp"
#include "ai/video.hpp"
#include "downstream/shared/shared_judge.hpp"
#include "downstream/transfer/usage_filter.hpp"

namespace weir::downstream {

// How an answer is read as it passes.
enum class Reading : std::uint8_t {
    none,
    document,      // JSON
    job,           // JSON that describes a job: a video or a response
    events,        // a stream of JSON events
    other_events,  // a stream of events of which only the number is known
    lines,         // a stream of JSON lines
};

class Progress {
public:
    Progress(SharedJudge& judge, Ticket& ticket) : judge_(judge), ticket_(ticket) {}

    // `drops_usage`: of a stream, the usage chunk that only Weir asked for is removed. `model`: the name of its model
    // that the client reads; empty: the one that it has.
    void begin(Reading reading, bool drops_usage, std::string_view model = {}) {
        reading_ = reading;
        drops_usage_ = drops_usage && reading == Reading::events;
        if (!model.empty() && reading != Reading::none && reading != Reading::other_events) rename(model);
        if (reading == Reading::other_events) events_ = ai::EventScanner(ai::EventScanner::Form::other_events);
        if (reading == Reading::lines) events_ = ai::EventScanner(ai::EventScanner::Form::json_lines);
    }

    [[nodiscard]] Reading reading() const { return reading_; }
    // Content changes on its way: it passes by edit().
    [[nodiscard]] bool edits() const { return drops_usage_ || renamer_; }

    // Content of the answer goes to the client.
    void passed(std::string_view content, TimePoint now) {
        if (reading_ == Reading::job) return keep(content);
        if (keeps_beginning_) keep(content);
        if (reading_ == Reading::none) return;
        if (reading_ == Reading::document) return document_.push(content);
        events_.push(content);
        tell(now);
    }

    // The same, where part of it may be removed or replaced: `passed` gets what the client is to read.
    void edit(std::string_view content, UsageFilter::Passed& passed, TimePoint now) {
        UsageFilter::Passed kept;
        UsageFilter::Passed& filtered = renamer_ ? kept : passed;
        if (drops_usage_) {
            if (keeps_beginning_) keep(content);
            filter_.pass(events_, content, filtered);
            tell(now);
        } else {
            this->passed(content, now);
            filtered.add(content);
        }
        rename(kept, passed);
    }
    // All content has arrived.
    void end_edit(UsageFilter::Passed& passed) {
        UsageFilter::Passed kept;
        if (drops_usage_) filter_.end(events_, renamer_ ? kept : passed);
        rename(kept, passed);
    }

    // The usage that the endpoint reported.
    [[nodiscard]] ai::Usage usage() const {
        const bool one = reading_ == Reading::document || reading_ == Reading::job;
        return one ? document_.usage() : events_.usage();
    }
    // Events with data that have passed.
    [[nodiscard]] std::uint32_t events() const { return events_.events(); }
    // Keeps the beginning of an answer, which may describe a job or a stored object: see streamed_job().
    void keep_beginning() { keeps_beginning_ = true; }
    [[nodiscard]] std::string_view beginning() const { return job_; }
    // The job that the answer describes. REQUIRES: all of it has passed.
    [[nodiscard]] std::optional<ai::VideoJob> job() const {
        return ai::read_video_job(job_, job_.size() < kLongestJob);
    }
    [[nodiscard]] std::optional<ai::VideoJob> streamed_job() const { return ai::read_streamed_job(job_); }
    // LLM tokens of the answer, as counted.
    [[nodiscard]] std::uint32_t counted() const {
        constexpr std::uint64_t kBytesPerToken = 4;
        if (reading_ != Reading::document) return events_.tokens();
        return static_cast<std::uint32_t>((document_.text_bytes() + kBytesPerToken - 1) / kBytesPerToken);
    }

    // The request is preempted: a better class needs the slot.
    [[nodiscard]] bool cut() const { return ticket_.cut(); }

private:
    // A description names its job in its beginning; usage is read to the end.
    void keep(std::string_view content) {
        if (reading_ == Reading::job) document_.push(content);
        job_.append(content.substr(0, kLongestJob - job_.size()));
    }

    void rename(std::string_view model) {
        const bool one = reading_ == Reading::document || reading_ == Reading::job;
        const auto form = one ? ai::ModelRenamer::Form::document : ai::ModelRenamer::Form::lines;
        renamer_ = std::make_unique<ai::ModelRenamer>(form, model);
    }
    void rename(const UsageFilter::Passed& from, UsageFilter::Passed& passed) const {
        for (const std::string_view piece : from.pieces()) {
            std::string text;
            renamer_->push(piece, text);
            passed.add_kept(std::move(text));
        }
    }

    void tell(TimePoint now) {
        const std::uint32_t tokens = events_.tokens();
        if (tokens == 0) return;
        if (told_ == 0) judge_.first_token(ticket_, now);
        if (told_ > 0 && tokens < told_ + kStep) return;
        told_ = tokens;
        judge_.streamed(ticket_, told_, now);
    }

    static constexpr std::uint32_t kStep = 16;
    static constexpr std::size_t kLongestJob = 16 * 1024;

    SharedJudge& judge_;
    Ticket& ticket_;
    ai::EventScanner events_;
    ai::AnswerScanner document_;
    UsageFilter filter_;
    std::unique_ptr<ai::ModelRenamer> renamer_;
    std::string job_;
    Reading reading_ = Reading::none;
    bool drops_usage_ = false;
    bool keeps_beginning_ = false;
    std::uint32_t told_ = 0;
};

}  // namespace weir::downstream

#include "downstream/shared/video_jobs.hpp"

#include "downstream/shared/shared_judge.hpp"

namespace weir::downstream {

bool VideoJobs::begin(Ticket& ticket, const std::string& id, TimePoint deadline, TimePoint now, bool is_response) {
    const std::lock_guard lock(mutex_);
    if (jobs_.contains(id) || (jobs_.size() >= kMax && !make_room())) return false;
    auto place = std::make_unique<admission::Place>();
    const EndpointId endpoint = ticket.decision().endpoint;
    judge_->hand_over(ticket, *place, now);
    jobs_.emplace(id, Job{endpoint, is_response, now, deadline, std::move(place)});
    ++running_;
    return true;
}

void VideoJobs::end(std::string_view id, TimePoint now, const JobUse& use) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found != jobs_.end() && found->second.place) end(found->second, now, use);
}

void VideoJobs::end(Job& job, TimePoint now, const JobUse& use) {
    const admission::Ask& ask = job.place->ask();
    judge_->finish(*job.place, now,
                   admission::Tokens{use.input.value_or(ask.prompt_tokens), use.output.value_or(ask.output_tokens),
                                     use.video_seconds.value_or(ask.video_seconds)});
    job.place.reset();
    job.until = now;
    --running_;
}

void VideoJobs::expire(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (running_ == 0) return;
    for (auto& [id, job] : jobs_) {
        if (job.place && job.until <= now) end(job, now, {});
    }
}

bool VideoJobs::make_room() {
    auto oldest = jobs_.end();
    for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
        if (job->second.place) continue;
        if (oldest == jobs_.end() || job->second.until < oldest->second.until) oldest = job;
    }
    if (oldest == jobs_.end()) return false;
    jobs_.erase(oldest);
    return true;
}

void VideoJobs::forget(EndpointId endpoint) {
    const std::lock_guard lock(mutex_);
    std::erase_if(jobs_,
                  [endpoint](const auto& entry) { return !entry.second.place && entry.second.endpoint == endpoint; });
}

EndpointId VideoJobs::endpoint_of(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? kNoEndpoint : found->second.endpoint;
}

std::vector<VideoJobs::Running> VideoJobs::running_on(EndpointId endpoint, TimePoint begun_by) const {
    std::vector<Running> running;
    const std::lock_guard lock(mutex_);
    if (running_ == 0) return running;
    for (const auto& [id, job] : jobs_) {
        if (job.place && job.endpoint == endpoint && job.begun <= begun_by) running.push_back({id, job.is_response});
    }
    return running;
}

std::size_t VideoJobs::running() const {
    const std::lock_guard lock(mutex_);
    return running_;
}

}  // namespace weir::downstream

#pragma once
// The jobs of one backend, videos and background responses: each holds the slot of the request that created it, and
// what was reserved for it, until it is over.
//
// The end of a job is learned from answers that pass (a client polls or deletes it), from its endpoint, which Weir
// polls (VideoPolls), or from its deadline. A job's endpoint is remembered for a while, so that polls and downloads go
// to the endpoint that can answer them. The table is bounded: when it is full, finished jobs are forgotten first; a job
// that still finds no place holds nothing, as no more jobs can run than there are slots.
//
// Threading: any thread.

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "admission/place.hpp"
#include "base/ids.hpp"
#include "downstream/shared/shared_judge.hpp"

namespace weir::downstream {

// The known usage of a job.
struct JobUse {
    std::optional<std::uint32_t> input;  // LLM tokens
    std::optional<std::uint32_t> output;
    std::optional<std::uint32_t> video_seconds;
};

class VideoJobs {
public:
    static constexpr std::size_t kMax = 4096;

    explicit VideoJobs(std::shared_ptr<SharedJudge> judge) : judge_(std::move(judge)) {}

    // The job takes over what the ticket holds, until `deadline`. False, and without effect, when the table is full of
    // running jobs or already has that one. REQUIRES: the ticket is running; on success it has ended afterwards.
    bool begin(Ticket& ticket, const std::string& id, TimePoint deadline, TimePoint now, bool is_response = false);
    // The job is over: its slot is freed and its usage charged; unknown usage is charged as reserved. Unknown jobs are
    // ignored.
    void end(std::string_view id, TimePoint now, const JobUse& use = {});
    // Ends the jobs whose deadline has passed.
    void expire(TimePoint now);

    // Forgets finished jobs on an endpoint whose number now belongs to another.
    void forget(EndpointId endpoint);

    // The endpoint that runs or ran it; kNoEndpoint when unknown.
    [[nodiscard]] EndpointId endpoint_of(std::string_view id) const;
    // The jobs that hold a slot on the endpoint and began at `begun_by` or before.
    struct Running {
        std::string id;
        bool is_response = false;
    };
    [[nodiscard]] std::vector<Running> running_on(EndpointId endpoint, TimePoint begun_by) const;
    // The number of jobs that hold a slot.
    [[nodiscard]] std::size_t running() const;

private:
    struct Job {
        EndpointId endpoint = kNoEndpoint;
        bool is_response = false;
        TimePoint begun{};
        TimePoint until{};                        // its deadline; for a finished job, when it finished
        std::unique_ptr<admission::Place> place;  // null: it is over
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
    };

    void end(Job& job, TimePoint now, const JobUse& use);
    [[nodiscard]] bool make_room();

    std::shared_ptr<SharedJudge> judge_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Job, Hash, std::equal_to<>> jobs_;
    std::size_t running_ = 0;
};

}  // namespace weir::downstream

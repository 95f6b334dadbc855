#pragma once
// Jobs of one backend, videos and responses made in the background: each holds the slot of the request that began it,
// and what was reserved for it, until it is over.
//
// That a job is over is learned from the answers that pass (somebody asks about it, or deletes it), from its endpoint,
// which is asked (VideoPolls), else from its deadline. Where a job is made stays known for a while, so that questions
// and downloads go to the endpoint that can answer them. The table is bounded: when it is full, jobs that are over are
// forgotten first; a job that finds no place even so holds nothing, as no more of them can run than there are slots.
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

// What is known of what a job has used.
struct JobUse {
    std::optional<std::uint32_t> input;  // LLM tokens
    std::optional<std::uint32_t> output;
    std::optional<std::uint32_t> video_seconds;
};

class VideoJobs {
public:
    static constexpr std::size_t kMax = 4096;

    explicit VideoJobs(std::shared_ptr<SharedJudge> judge) : judge_(std::move(judge)) {}

    // The job takes over what the ticket holds, until `deadline`. False, and nothing happens, when the table is full of
    // jobs that run, or has that one. REQUIRES: the ticket is running; afterwards, where true, it has ended.
    bool begin(Ticket& ticket, const std::string& id, TimePoint deadline, TimePoint now, bool is_response = false);
    // It is over: its slot is free, and what it has used is charged; what is not known of it is as it was reserved.
    // Unknown ones are ignored.
    void end(std::string_view id, TimePoint now, const JobUse& use = {});
    // Ends those whose deadline has passed.
    void expire(TimePoint now);

    // Forgets what is over on an endpoint whose number has gone to another.
    void forget(EndpointId endpoint);

    // Where it is made, or was; kNoEndpoint when that is not known.
    [[nodiscard]] EndpointId endpoint_of(std::string_view id) const;
    // Those that hold a slot on the endpoint, and have since `begun_by` or before.
    struct Running {
        std::string id;
        bool is_response = false;
    };
    [[nodiscard]] std::vector<Running> running_on(EndpointId endpoint, TimePoint begun_by) const;
    // Those that hold a slot.
    [[nodiscard]] std::size_t running() const;

private:
    struct Job {
        EndpointId endpoint = kNoEndpoint;
        bool is_response = false;
        TimePoint begun{};
        TimePoint until{};                        // its deadline; of one that is over, when it began its rest
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

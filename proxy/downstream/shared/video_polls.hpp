#pragma once
// Polls endpoints for the state of the jobs, videos and background responses, that hold their slots: a client that
// never polls its job would otherwise hold a slot until the deadline, long after the job is done.
//
// Each endpoint is polled for one of its jobs after the other, then again after `video.poll`. The polls are Weir's own,
// like health checks: they carry no client's credentials. An endpoint that rejects them must therefore be distinguished
// from one whose job is gone, so a 404 is trusted only from an endpoint that has described a job before. Any other
// answer changes nothing: the client's own polls and the deadline still apply.
//
// Threading: the control loop's thread.

#include <memory>
#include <string_view>
#include <vector>

#include "downstream/shared/video_jobs.hpp"
#include "net/event_loop.hpp"
#include "upstream/backend.hpp"
#include "upstream/fetch.hpp"

namespace weir::downstream {

enum class PollOutcome : std::uint8_t {
    running,
    over,    // finished, failed, or gone
    failed,  // no answer that describes the job
};

// The job's state according to an endpoint's answer. `answers`: the endpoint has described a job before.
[[nodiscard]] PollOutcome read_poll(const upstream::Fetched& answer, std::string_view id, bool answers);

// The usage in a job's description.
[[nodiscard]] JobUse use_of(std::string_view description);

// Whether the job can be polled: its name is the server's choice, and becomes part of a request's head.
[[nodiscard]] bool can_poll(std::string_view id);

class VideoPolls {
public:
    struct Bench {
        std::shared_ptr<upstream::Backend> backend;
        std::shared_ptr<VideoJobs> jobs;
    };

    // REQUIRES: `loop` outlives it.
    explicit VideoPolls(net::EventLoop& loop);
    ~VideoPolls();

    // Polls exactly these backends' endpoints from now on.
    void watch(const std::vector<Bench>& benches);

private:
    class Round;

    net::EventLoop& loop_;
    std::vector<std::unique_ptr<Round>> rounds_;
};

}  // namespace weir::downstream

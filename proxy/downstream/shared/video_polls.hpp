#pragma once
// Asks endpoints what has become of the jobs, videos and background responses, that hold their slots: a client that
// never asks about its job would hold one until the deadline, long after it is done.
//
// Each endpoint is asked about one job after the other, all of those that it makes, then again after `video.poll`. The
// questions are Weir's own, as health checks are: they carry no credentials of anybody. So an endpoint that does not
// answer them has to be told from one whose job is gone, and a 404 is believed only of one that has described a job
// before. Whatever else comes back changes nothing: the client's own questions and the deadline stand.
//
// Threading: the control loop's.

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
    over,    // made, failed, or gone
    failed,  // no answer that says anything of the job
};

// What an endpoint's answer says of the job. `answers`: it has described one before.
[[nodiscard]] PollOutcome read_poll(const upstream::Fetched& answer, std::string_view id, bool answers);

// What the description of a job says that it has used.
[[nodiscard]] JobUse use_of(std::string_view description);

// Whether the job can be asked about: its name is the server's choice, and goes into a request's head.
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

    // Asks these backends' endpoints from now on, and no others.
    void watch(const std::vector<Bench>& benches);

private:
    class Round;

    net::EventLoop& loop_;
    std::vector<std::unique_ptr<Round>> rounds_;
};

}  // namespace weir::downstream

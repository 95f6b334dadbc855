#include "downstream/shared/video_polls.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "ai/answer_scanner.hpp"
#include "ai/video.hpp"
#include "base/ascii.hpp"
#include "net/task.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;
using upstream::Fetched;

// The description of a finished response includes its whole text.
constexpr std::size_t kMaxDescription = 1024 * 1024;
constexpr Duration kLongestAnswer = 5s;
// After this many polls without any answer the rest of a round would only wait in vain.
constexpr int kMaxUnanswered = 3;
// An endpoint that has refused its first poll may always do so: it is polled less often.
constexpr Duration kAskRefuserAgain = 1min;

bool is_plain(char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '~'; }

std::atomic<std::uint64_t>& counter_of(PollOutcome outcome, upstream::EndpointCounters& counters) {
    switch (outcome) {
        case PollOutcome::running: return counters.polls_running;
        case PollOutcome::over: return counters.polls_over;
        default: return counters.polls_failed;
    }
}

}  // namespace

PollOutcome read_poll(const Fetched& answer, std::string_view id, bool answers) {
    if (answer.status == 404 && answers) return PollOutcome::over;
    if (!answer.success()) return PollOutcome::failed;
    const auto job = ai::read_video_job(answer.body);
    if (!job || job->id != id) return PollOutcome::failed;
    return job->over ? PollOutcome::over : PollOutcome::running;
}

JobUse use_of(std::string_view description) {
    const auto job = ai::read_video_job(description);
    ai::AnswerScanner scanner;
    scanner.push(description);
    const ai::Usage usage = scanner.usage();
    return {usage.input, usage.output, job ? job->seconds : std::nullopt};
}

bool can_poll(std::string_view id) {
    return !id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), is_plain);
}

// The polls of one endpoint; destroying the round ends its coroutine.
class VideoPolls::Round {
public:
    Round(net::EventLoop& loop, Bench bench, std::shared_ptr<upstream::Endpoint> endpoint)
        : bench_(std::move(bench)),
          endpoint_(std::move(endpoint)),
          every_(bench_.backend->config().video.poll),
          waker_(loop),
          timer_(loop.timers(), waker_),
          run_(run()) {
        run_.start();
    }

private:
    net::task<void> sleep_until(TimePoint when) {
        timer_.set(when);
        while (waker_.loop().now() < when) co_await waker_.wait();
    }

    net::task<void> run() {
        for (;;) {
            const TimePoint began = waker_.loop().now();
            refused_ = false;
            co_await ask_all(began);
            co_await sleep_until(began + (refused_ && !answers_ ? std::max(every_, kAskRefuserAgain) : every_));
        }
    }

    net::task<void> ask_all(TimePoint began) {
        int unanswered = 0;
        // A new job is not polled at once: an engine may need a moment to register its name.
        const std::vector<VideoJobs::Running> jobs = bench_.jobs->running_on(endpoint_->id(), began - every_);
        for (const VideoJobs::Running& job : jobs) {
            if (!can_poll(job.id)) continue;
            const Fetched answer = co_await ask(job.id, job.is_response);
            if (answer.status == 0 && ++unanswered == kMaxUnanswered) co_return;
            if (refused_ && !answers_) co_return;
        }
    }

    net::task<Fetched> ask(const std::string& id, bool is_response) {
        const TimePoint deadline = waker_.loop().now() + std::min(every_, kLongestAnswer);
        std::string request = upstream::get_request(*bench_.backend, *endpoint_, ai::job_path(id, is_response));
        Fetched answer = co_await upstream::fetch(*endpoint_, std::move(request), upstream::WantedBody{kMaxDescription},
                                                  waker_, timer_, deadline);
        const PollOutcome outcome = read_poll(answer, id, answers_);
        counter_of(outcome, endpoint_->counters).fetch_add(1, std::memory_order_relaxed);
        if (outcome == PollOutcome::over) bench_.jobs->end(id, waker_.loop().now(), use_of(answer.body));
        answers_ |= answer.success() && outcome != PollOutcome::failed;
        refused_ |= answer.status != 0 && outcome == PollOutcome::failed;
        if (refused_ && !answers_ && !warned_) {
            warned_ = true;
            spdlog::warn(
                "endpoint {} does not tell Weir of its jobs (status {}): they hold their slots until a client "
                "asks, or for timeouts.job",
                endpoint_->config().url, answer.status);
        }
        co_return answer;
    }

    Bench bench_;
    std::shared_ptr<upstream::Endpoint> endpoint_;
    Duration every_;
    net::Waker waker_;
    net::Timer timer_;
    bool answers_ = false;  // it has described a job before
    bool refused_ = false;  // in this round it has answered something else
    bool warned_ = false;
    net::task<void> run_;
};

VideoPolls::VideoPolls(net::EventLoop& loop) : loop_(loop) {}
VideoPolls::~VideoPolls() = default;

void VideoPolls::watch(const std::vector<Bench>& benches) {
    rounds_.clear();
    for (const Bench& bench : benches) {
        if (bench.backend->config().video.poll == Duration::zero()) continue;
        for (const auto& endpoint : bench.backend->endpoints()) {
            rounds_.push_back(std::make_unique<Round>(loop_, bench, endpoint));
        }
    }
}

}  // namespace weir::downstream

#pragma once
// Video jobs, as in Sora's API: created with one call, polled with others, downloaded, deleted.
//
//   POST /v1/videos                a job: queued, then in progress, then completed
//   GET /v1/videos/ID              its state
//   GET /v1/videos/ID/content      the video, once it is ready
//   DELETE /v1/videos/ID           deletes the job and its video
//
// A second of 720 x 1280 takes kSecondsPerSecond of engine time to make, larger ones more in proportion to their area.
// Jobs run side by side: limiting them is for the proxy in front. When there are too many, the oldest that has ended is
// forgotten.
//
// Single-threaded: the loop's.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "lab/mock/reply.hpp"

namespace weir::mock {

class Videos {
public:
    static constexpr double kSecondsPerSecond = 2;
    static constexpr std::size_t kMaxJobs = 1000;

    // `speed`: engine seconds in a second.
    Videos(std::uint64_t seed, double speed) : seed_(seed), speed_(speed) {}

    [[nodiscard]] static bool owns(std::string_view path);
    // REQUIRES: owns(path).
    [[nodiscard]] Reply answer(std::string_view method, std::string_view path, std::string_view body, TimePoint now);

private:
    struct Job {
        std::string id;
        std::string model;
        std::string size;
        std::uint32_t seconds = 4;
        std::int64_t created = 0;  // Unix seconds
        TimePoint began{};
        Duration length{};
    };

    [[nodiscard]] Reply create(std::string_view body, TimePoint now);
    [[nodiscard]] Reply content(const Job& job, TimePoint now) const;
    [[nodiscard]] std::string describe(const Job& job, TimePoint now) const;

    std::uint64_t seed_;
    double speed_;
    std::uint64_t last_ = 0;
    std::deque<Job> jobs_;  // oldest first
};

}  // namespace weir::mock

#include "downstream/shared/video_jobs.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "downstream/shared/shared_judge.hpp"
#include "support/judges.hpp"
#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;
using admission::Standing;
using test::kStart;

class VideoJobsTest : public test::LoopTest {
protected:
    // Runs a request until its answer tells of a job.
    bool begin(const std::string& id, TimePoint deadline = kStart + 1h, TimePoint now = kStart) {
        Ticket& ticket = tickets.emplace_back(waker);
        EXPECT_EQ(judge.arrive(ticket, test::make_ask(0), now), Standing::running);
        const bool begun = jobs.begin(ticket, id, deadline, now);
        if (!begun) judge.finish(ticket, now);
        return begun;
    }
    std::uint32_t inflight() { return judge.counts(kStart).endpoints[0].inflight; }

    net::Waker waker{loop};
    std::shared_ptr<SharedJudge> shared =
        std::make_shared<SharedJudge>(test::make_config({test::make_class(0)}, {10'000}), kStart);
    SharedJudge& judge = *shared;
    VideoJobs jobs{shared};
    std::deque<Ticket> tickets;
};

TEST_F(VideoJobsTest, HoldASlotEachUntilTheyAreOver) {
    EXPECT_TRUE(begin("a"));
    EXPECT_TRUE(begin("b"));
    EXPECT_EQ(jobs.running(), 2U);
    EXPECT_EQ(inflight(), 2U);
    jobs.end("a", kStart);
    jobs.end("a", kStart);
    jobs.end("unknown", kStart);
    EXPECT_EQ(jobs.running(), 1U);
    EXPECT_EQ(inflight(), 1U);
    jobs.end("b", kStart);
    EXPECT_EQ(inflight(), 0U);
}

TEST_F(VideoJobsTest, EndAtTheirDeadline) {
    EXPECT_TRUE(begin("a", kStart + 10s));
    EXPECT_TRUE(begin("b", kStart + 20s));
    jobs.expire(kStart + 10s);
    EXPECT_EQ(jobs.running(), 1U);
    jobs.expire(kStart + 20s);
    EXPECT_EQ(inflight(), 0U);
}

TEST_F(VideoJobsTest, AreFoundWhereTheyAreAlsoWhenOver) {
    EXPECT_EQ(jobs.endpoint_of("a"), kNoEndpoint);
    EXPECT_TRUE(begin("a"));
    EXPECT_EQ(jobs.endpoint_of("a"), EndpointId{0});
    jobs.end("a", kStart);
    EXPECT_EQ(jobs.endpoint_of("a"), EndpointId{0});
}

TEST_F(VideoJobsTest, CanBeListedWhileTheyRunOnAnEndpoint) {
    EXPECT_TRUE(begin("a"));
    EXPECT_TRUE(begin("b", kStart + 1h, kStart + 5s));
    EXPECT_TRUE(begin("c"));
    jobs.end("c", kStart);
    const auto old_enough = jobs.running_on(EndpointId{0}, kStart + 4s);
    ASSERT_EQ(old_enough.size(), 1U) << "the other is too young";
    EXPECT_EQ(old_enough[0].id, "a");
    EXPECT_EQ(jobs.running_on(EndpointId{0}, kStart + 5s).size(), 2U);
    EXPECT_TRUE(jobs.running_on(EndpointId{1}, kStart + 5s).empty());
    jobs.end("a", kStart);
    jobs.end("b", kStart);
}

TEST_F(VideoJobsTest, OfOneNameIsOnlyOne) {
    EXPECT_TRUE(begin("a"));
    EXPECT_FALSE(begin("a"));
    EXPECT_EQ(inflight(), 1U);
    jobs.end("a", kStart);
}

TEST_F(VideoJobsTest, AreForgottenOldestFirstWhenThereAreTooMany) {
    for (std::size_t i = 0; i < VideoJobs::kMax; ++i) ASSERT_TRUE(begin(std::to_string(i)));
    EXPECT_FALSE(begin("one more")) << "all of them run";
    jobs.end("7", kStart + 1s);
    jobs.end("8", kStart + 2s);
    EXPECT_TRUE(begin("one more", kStart + 1h, kStart + 3s));
    EXPECT_EQ(jobs.endpoint_of("7"), kNoEndpoint);
    EXPECT_EQ(jobs.endpoint_of("8"), EndpointId{0});
    jobs.expire(kStart + 2h);
    EXPECT_EQ(inflight(), 0U);
}

}  // namespace
}  // namespace weir::downstream

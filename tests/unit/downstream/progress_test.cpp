#include "downstream/transfer/progress.hpp"

#include <gtest/gtest.h>

#include "support/judges.hpp"
#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::downstream {
namespace {

using test::kStart;

class ProgressTest : public test::LoopTest {
protected:
    ProgressTest() {
        progress.begin(Reading::events, false);
        admission::Ask ask = test::make_ask(0);
        ask.prompt_tokens = 100;
        ask.streams = true;
        judge.arrive(ticket, ask, kStart);
    }
    ~ProgressTest() override { judge.finish(ticket, kStart); }

    admission::EndpointCounts counts() { return judge.counts(kStart).endpoints[0]; }
    void pass(int events) {
        for (int i = 0; i < events; ++i) progress.passed("data: {}\n\n", kStart);
    }

    net::Waker waker{loop};
    SharedJudge judge{test::make_config({test::make_class(0)}, {8}), kStart};
    Ticket ticket{waker};
    Progress progress{judge, ticket};
};

TEST_F(ProgressTest, TellsOfTheFirstTokenAndThenOfEverySixteenth) {
    progress.passed(": not yet\n\n", kStart);
    EXPECT_EQ(counts().prompt_tokens, 100U);
    pass(1);
    EXPECT_EQ(counts().prompt_tokens, 0U);
    EXPECT_EQ(counts().context_tokens, 101U);
    pass(15);
    EXPECT_EQ(counts().context_tokens, 101U);
    pass(1);
    EXPECT_EQ(counts().context_tokens, 117U);
    pass(100);
    EXPECT_EQ(counts().context_tokens, 213U);
}

TEST_F(ProgressTest, ReadsAWholeAnswerWithoutTellingOfIt) {
    progress.begin(Reading::document, true);
    EXPECT_FALSE(progress.edits());
    progress.passed(R"({"choices":[{"message":{"content":"twelve bytes"}}],"usage":{"prompt_tokens":7,"compl)", kStart);
    progress.passed(R"(etion_tokens":4}})", kStart);
    EXPECT_EQ(counts().prompt_tokens, 100U);
    EXPECT_EQ(progress.usage().input, 7U);
    EXPECT_EQ(progress.usage().output, 4U);
    EXPECT_EQ(progress.counted(), 3U);
}

TEST_F(ProgressTest, TakesAStreamOfUnknownEventsForOneTokenEach) {
    progress.begin(Reading::other_events, false);
    for (int i = 0; i < 20; ++i) progress.passed("data: {\"choices\":[{\"delta\":{}}]}\n\n", kStart);
    EXPECT_EQ(progress.counted(), 20U);
}

TEST_F(ProgressTest, TakesOutTheUsageThatOnlyWeirAskedForAndReadsIt) {
    progress.begin(Reading::events, true);
    EXPECT_TRUE(progress.edits());
    UsageFilter::Passed passed;
    progress.edit("data: {\"choices\":[{\"delta\":{\"content\":\"word\"}}]}\n\n", passed, kStart);
    progress.edit("data: {\"choices\":[],\"usage\":{\"completion_tokens\":4}}\n\n", passed, kStart);
    progress.end_edit(passed);
    EXPECT_EQ(passed.pieces().size(), 1U);
    EXPECT_EQ(progress.usage().output, 4U);
    EXPECT_EQ(progress.events(), 2U);
    EXPECT_EQ(counts().prompt_tokens, 0U) << "the judge has been notified";
}

TEST_F(ProgressTest, TakesUsageOutOfStreamsOfEventsOnly) {
    for (const Reading reading : {Reading::none, Reading::document, Reading::other_events, Reading::lines}) {
        Progress other(judge, ticket);
        other.begin(reading, true);
        EXPECT_FALSE(other.edits());
    }
}

TEST_F(ProgressTest, ReadsNothingOfAnAnswerThatIsNotToBeRead) {
    progress.begin(Reading::none, false);
    progress.passed("data: {\"choices\":[{\"delta\":{\"content\":\"word\"}}]}\n\n", kStart);
    EXPECT_EQ(progress.counted(), 0U);
    EXPECT_EQ(progress.events(), 0U);
    EXPECT_EQ(counts().prompt_tokens, 100U);
}

TEST_F(ProgressTest, KeepsTheBeginningOfAJobsDescription) {
    progress.begin(Reading::job, false);
    progress.passed(R"({"id":"video_1","object":"video","sta)", kStart);
    progress.passed(R"(tus":"queued"})", kStart);
    ASSERT_TRUE(progress.job());
    EXPECT_EQ(progress.job()->id, "video_1");
    progress.passed(std::string(64 * 1024, ' '), kStart);
    EXPECT_FALSE(progress.streamed_job()) << "it is no stream";
}

}  // namespace
}  // namespace weir::downstream

// Who keeps the time of a quota's pace, and how it is notified.

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
using test::make_ask;
using test::make_class;
using test::make_config;

constexpr QuotaReport kRefusal{.refused = true};

admission::JudgeConfig with_quota() {
    admission::JudgeConfig config = make_config({make_class(0)}, {1});
    config.endpoints[0].quota = admission::QuotaConfig{.start = 1};
    return config;
}

class SharedJudgeQuotaTest : public test::LoopTest {
protected:
    // Waits until all messages that are under way have arrived.
    net::task<void> delivered() {
        bool arrived = false;
        loop.post([&] {
            arrived = true;
            self.wake();
        });
        co_await test::until(self, [&] { return arrived; });
    }
    Ticket& arrive() {
        Ticket& ticket = tickets.emplace_back(waker);
        judge.arrive(ticket, make_ask(0), kStart);
        return ticket;
    }
    // The first request ran, and the quota refused it: one request a second.
    Ticket& refused() {
        Ticket& ticket = arrive();
        EXPECT_EQ(judge.refused_by_quota(ticket, kRefusal, kStart), Standing::waiting);
        return ticket;
    }

    net::Waker self{loop};   // the test's
    net::Waker waker{loop};  // the tickets'
    std::deque<Ticket> tickets;
    SharedJudge judge{with_quota(), kStart};
};

TEST_F(SharedJudgeQuotaTest, ThePaceIsKeptByTheHeadAlone) {
    const auto play = [this]() -> net::task<void> {
        Ticket& head = refused();
        Ticket& other = arrive();
        co_await delivered();
        EXPECT_EQ(judge.next_expiry(head), kStart + 1s);
        EXPECT_EQ(judge.next_expiry(other), kStart + 5s);
        EXPECT_EQ(judge.next_expiry(), kStart + 5s);
        EXPECT_TRUE(judge.leave(other, kStart));
        EXPECT_TRUE(judge.leave(head, kStart));
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, TheHeadIsServedWhenThePaceLetsItPass) {
    const auto play = [this]() -> net::task<void> {
        Ticket& head = refused();
        co_await delivered();
        judge.expire_if_due(head, kStart + 900ms);
        EXPECT_EQ(head.standing(), Standing::waiting);
        judge.expire_if_due(head, kStart + 1s);
        EXPECT_EQ(head.standing(), Standing::running);
        EXPECT_FALSE(head.told());
        co_await delivered();
        EXPECT_TRUE(head.told());
        judge.finish(head, kStart + 1s);
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, TheNextHeadKeepsTheTimeFromThere) {
    const auto play = [this]() -> net::task<void> {
        Ticket& first = refused();
        Ticket& second = arrive();
        co_await delivered();
        judge.expire_if_due(first, kStart + 1s);
        co_await delivered();
        EXPECT_GT(judge.next_expiry(second), kStart + 1s);
        EXPECT_LT(judge.next_expiry(second), kStart + 3s);
        EXPECT_TRUE(judge.leave(second, kStart + 1s));
        judge.finish(first, kStart + 1s);
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, AnotherKeepsTheTimeWhenTheHeadLeaves) {
    const auto play = [this]() -> net::task<void> {
        Ticket& first = refused();
        Ticket& second = arrive();
        co_await delivered();
        EXPECT_TRUE(judge.leave(first, kStart));
        co_await delivered();
        EXPECT_EQ(judge.next_expiry(second), kStart + 1s);
        EXPECT_TRUE(judge.leave(second, kStart));
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, AMessageToAHeadThatIsGoneIsDropped) {
    const auto play = [this]() -> net::task<void> {
        Ticket& head = refused();
        EXPECT_TRUE(judge.leave(head, kStart));
        tickets.clear();
        co_await delivered();
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, AHeadThatWokeInVainIsNotifiedOfTheNextInstant) {
    const auto play = [this]() -> net::task<void> {
        Ticket& first = refused();
        Ticket& second = arrive();
        co_await delivered();
        judge.expire(kStart + 1s);  // by another worker, which came first
        EXPECT_EQ(first.standing(), Standing::running);
        EXPECT_EQ(judge.refused_by_quota(first, kRefusal, kStart + 1020ms), Standing::waiting);
        co_await delivered();
        EXPECT_GT(judge.next_expiry(first), kStart + 1020ms);
        EXPECT_LT(judge.next_expiry(first), kStart + 5s);
        EXPECT_TRUE(judge.leave(second, kStart + 1020ms));
        EXPECT_TRUE(judge.leave(first, kStart + 1020ms));
    };
    run(play());
}

TEST_F(SharedJudgeQuotaTest, AnAnswerIsPassedOnWhereNoQuotaIsLearned) {
    SharedJudge plain(make_config({make_class(0)}, {1}), kStart);
    Ticket& ticket = tickets.emplace_back(waker);
    plain.arrive(ticket, make_ask(0), kStart);
    EXPECT_EQ(plain.refused_by_quota(ticket, kRefusal, kStart), std::nullopt);
    EXPECT_EQ(ticket.standing(), Standing::running);
    plain.quota_report(ticket, {}, kStart);
    plain.finish(ticket, kStart);
}

}  // namespace
}  // namespace weir::downstream

// A request that waits for its slot.

#include <gtest/gtest.h>

#include "downstream/exchange/slot.hpp"
#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::OneClient;
using test::RoutingParts;
using test::word;
using namespace std::chrono_literals;

// The one slot of the only endpoint is taken by another; a request waits for it.
class WaitingSlot : public testing::Test {
protected:
    void begin(std::optional<Duration> queue_timeout = {}, std::size_t endpoints = 1) {
        RoutingParts parts;
        parts.classes[0].config.queue_timeout = queue_timeout;
        parts.endpoints.assign(endpoints, 1);
        one_ = std::make_unique<OneClient>(parts);
        other_waker_ = std::make_unique<net::Waker>(one_->worker.loop());
        for (std::size_t i = 0; i < endpoints; ++i) {
            others_.push_back(std::make_unique<Ticket>(*other_waker_));
            judge().arrive(*others_.back(), test::make_ask(0, 2), one_->client.turn());
        }
        arrival_ = std::make_unique<Arrival>(*one_, test::get_of("/"));
        probe_ = std::make_unique<ClientProbe>(one_->client, 1);
        slot_ = std::make_unique<Slot>(one_->client, *probe_, arrival_->outcome);
        ASSERT_EQ(word(slot_->arrive(arrival_->caller)), "passed");
        ASSERT_TRUE(slot_->waits());
        wait_.emplace(slot_->wait(arrival_->caller));
        wait_->start();
        ASSERT_FALSE(wait_->done());
    }
    ~WaitingSlot() override {
        wait_.reset();
        slot_.reset();
        for (const auto& other : others_) {
            if (other->standing() == admission::Standing::running) judge().finish(*other, one_->client.turn());
        }
        if (one_) {
            EXPECT_EQ(judge().counts(one_->client.turn()).classes[0].inflight, 0U);
            EXPECT_EQ(judge().counts(one_->client.turn()).classes[0].waiting, 0U);
        }
    }

    [[nodiscard]] SharedJudge& judge() const { return *one_->client.routing->routes[0].judge; }
    void finish_other() { judge().finish(*others_[0], one_->client.turn()); }
    // What the wait has come to; `waits` where it goes on.
    std::string_view outcome() {
        one_->worker.loop().post([this] { one_->client.waker.wake(); });
        one_->run_posted();
        if (!wait_->done()) return "waits";
        result_ = wait_->result();
        return word(result_);
    }

    std::unique_ptr<OneClient> one_;
    std::unique_ptr<net::Waker> other_waker_;
    std::vector<std::unique_ptr<Ticket>> others_;
    std::unique_ptr<Arrival> arrival_;
    std::unique_ptr<ClientProbe> probe_;
    std::unique_ptr<Slot> slot_;
    std::optional<net::task<Passed>> wait_;
    Passed result_;
};

TEST_F(WaitingSlot, RunsWhenTheOneBeforeItIsOver) {
    begin();
    EXPECT_EQ(outcome(), "waits");
    finish_other();
    EXPECT_EQ(outcome(), "passed");
    EXPECT_TRUE(slot_->running());
    EXPECT_GE(arrival_->outcome.record.queue, Duration::zero());
    EXPECT_EQ(arrival_->outcome.waited, arrival_->outcome.record.queue);
}

// Another worker may admit it between its arrival and its first look: a slot that then did not wait would be served
// with a decision that is still being written.
TEST_F(WaitingSlot, WaitsUntilItsVerdictHasArrivedWhateverItIs) {
    begin();
    finish_other();
    EXPECT_TRUE(slot_->waits());
    EXPECT_EQ(outcome(), "passed");
    EXPECT_FALSE(slot_->waits());
}

TEST_F(WaitingSlot, IsRefusedWhenItsQueueTimeoutEnds) {
    begin(1ns);
    one_->run_posted();
    EXPECT_EQ(outcome(), "queue_timeout");
    EXPECT_EQ(result_->gate, "queue_timeout");
    EXPECT_GT(arrival_->outcome.record.queue, Duration::zero());
}

TEST_F(WaitingSlot, LeavesTheQueueWhenItsClientIsGone) {
    begin();
    one_->client.source().ready.broken = true;
    EXPECT_EQ(outcome(), "client_gone");
    EXPECT_FALSE(slot_->waits());
    finish_other();
    EXPECT_EQ(judge().counts(one_->client.turn()).classes[0].inflight, 0U) << "it is served nothing any more";
}

TEST_F(WaitingSlot, ProbesAClientThatHasEndedItsSending) {
    begin();
    one_->client.source().ready.peer_closed = true;
    EXPECT_EQ(outcome(), "waits");
    EXPECT_EQ(one_->far.receive(), ClientProbe::kInterim);
    EXPECT_EQ(outcome(), "waits");
    EXPECT_EQ(one_->far.receive(), "") << "once is enough";
}

TEST_F(WaitingSlot, TakesAVerdictOnItsWayBeforeItLeaves) {
    begin();
    finish_other();  // the request runs, and has not heard of it
    one_->client.source().ready.broken = true;
    one_->client.waker.run();
    EXPECT_FALSE(wait_->done());
    EXPECT_EQ(outcome(), "client_gone");
    EXPECT_TRUE(slot_->running()) << "what it was given it gives back at its end";
}

TEST_F(WaitingSlot, GoesBackAheadOfOthersWhereItsEndpointHasFailedIt) {
    begin({}, 2);
    finish_other();
    ASSERT_EQ(outcome(), "passed");
    const EndpointId first = slot_->endpoint();
    judge().finish(*others_[1], one_->client.turn());
    wait_.emplace(slot_->requeue());
    wait_->start();
    EXPECT_EQ(outcome(), "passed");
    EXPECT_NE(slot_->endpoint(), first) << "another that fits is tried before";
}

TEST_F(WaitingSlot, WaitsAgainWhereTheOthersAreFull) {
    begin({}, 2);
    finish_other();
    ASSERT_EQ(outcome(), "passed");
    judge().set_intake(slot_->endpoint(), {.open = false}, one_->client.turn());
    wait_.emplace(slot_->requeue());
    wait_->start();
    EXPECT_EQ(outcome(), "waits");
    judge().finish(*others_[1], one_->client.turn());
    EXPECT_EQ(outcome(), "passed");
    EXPECT_TRUE(slot_->running());
}

TEST_F(WaitingSlot, IsRefusedWhereNoEndpointIsLeftToGoBackTo) {
    begin();
    finish_other();
    ASSERT_EQ(outcome(), "passed");
    judge().set_intake(EndpointId{0}, {.open = false}, one_->client.turn());
    wait_.emplace(slot_->requeue());
    wait_->start();
    EXPECT_EQ(outcome(), "no_endpoint");
    EXPECT_FALSE(slot_->running());
}

}  // namespace
}  // namespace weir::downstream

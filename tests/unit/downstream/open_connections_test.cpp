#include "downstream/open_connections.hpp"

#include <gtest/gtest.h>

#include "support/test_bed.hpp"

namespace weir::downstream {
namespace {

using test::ScriptedStream;
using test::TestBed;
using namespace std::chrono_literals;

constexpr ListenerId kOther{1};

// Says when it is gone.
struct Watched final : Client {
    Watched(TestBed& bed, ListenerId from, int& alive)
        : Client(bed.context, bed.routing, from, {}, std::make_unique<ScriptedStream>(bed.loop())), count(alive) {
        ++count;
    }
    ~Watched() override { --count; }
    [[nodiscard]] bool is_closed() { return source().fd() < 0; }
    int& count;
};

class OpenConnectionsTest : public testing::Test {
protected:
    OpenConnectionsTest() {
        bed.routing->listeners.emplace_back().id = kOther;
        open.add_listener(TestBed::kListener);
        open.add_listener(kOther);
    }
    ~OpenConnectionsTest() override { open.clear(); }

    Watched& add(ListenerId listener = TestBed::kListener) {
        auto made = std::make_unique<Watched>(bed, listener, alive);
        Watched& client = *made;
        open.add(std::move(made));
        return client;
    }
    // One that rests since so long after the begin.
    Watched& add_at_rest(Duration after, ListenerId listener = TestBed::kListener) {
        Watched& client = add(listener);
        bed.loop().turn_at(bed.began + after);
        open.rests(client);
        return client;
    }

    TestBed bed;
    OpenConnections open{bed.loop()};
    int alive = 0;
};

TEST_F(OpenConnectionsTest, CountEachListenersAlone) {
    Watched& first = add();
    add();
    add(kOther);
    EXPECT_EQ(open.count(TestBed::kListener), 2U);
    EXPECT_EQ(open.count(kOther), 1U);
    EXPECT_EQ(open.count(kNoListener), 0U);
    open.remove(first);
    EXPECT_EQ(open.count(TestBed::kListener), 1U);
}

TEST_F(OpenConnectionsTest, KeepARemovedOneUntilItsOwnWorkIsDone) {
    Watched& client = add();
    open.rests(client);
    open.remove(client);
    EXPECT_EQ(open.resting(), 0U);
    EXPECT_EQ(alive, 1) << "its coroutine still runs";
    while (bed.loop().turn_at(bed.now)) {
    }
    EXPECT_EQ(alive, 0);
}

TEST_F(OpenConnectionsTest, CountThoseAtRest) {
    Watched& first = add_at_rest(0s);
    add_at_rest(0s);
    open.rests(first);
    EXPECT_EQ(open.resting(), 2U) << "once each";
    open.works(first);
    open.works(first);
    EXPECT_EQ(open.resting(), 1U);
}

TEST_F(OpenConnectionsTest, CloseTheOneThatHasRestedLongest) {
    Watched& first = add_at_rest(1s, kOther);
    Watched& second = add_at_rest(2s);
    Watched& third = add_at_rest(3s, kOther);
    open.works(first);
    bed.loop().turn_at(bed.began + 4s);
    open.rests(first);  // anew
    EXPECT_TRUE(open.close_longest_at_rest(kNoListener));
    EXPECT_TRUE(second.is_closed());
    EXPECT_TRUE(open.close_longest_at_rest(kNoListener));
    EXPECT_TRUE(third.is_closed());
    EXPECT_FALSE(first.is_closed());
    EXPECT_EQ(open.resting(), 1U);
}

TEST_F(OpenConnectionsTest, CloseOnlyThoseOfTheListenerThatNeedsRoom) {
    Watched& other = add_at_rest(1s, kOther);
    Watched& own = add_at_rest(2s);
    EXPECT_TRUE(open.close_longest_at_rest(TestBed::kListener));
    EXPECT_TRUE(own.is_closed());
    EXPECT_FALSE(other.is_closed());
    EXPECT_FALSE(open.close_longest_at_rest(TestBed::kListener));
    EXPECT_TRUE(open.close_longest_at_rest(kNoListener));
    EXPECT_FALSE(open.close_longest_at_rest(kNoListener));
}

TEST_F(OpenConnectionsTest, GiveThoseAtRestTheNewPolicy) {
    Watched& rests = add_at_rest(0s);
    Watched& works = add();
    const auto next =
        std::make_shared<Routing>(admission::ClientsConfig{}, std::span<const admission::JudgeClass>{}, 0);
    open.follow(next);
    EXPECT_EQ(rests.routing, next);
    EXPECT_EQ(works.routing, bed.routing) << "its request ends under the policy that it began under";
}

TEST_F(OpenConnectionsTest, BreakAllWhenTheyAreAborted) {
    Watched& first = add_at_rest(0s);
    Watched& second = add(kOther);
    open.abort();
    EXPECT_TRUE(first.is_closed());
    EXPECT_TRUE(second.is_closed());
    EXPECT_EQ(alive, 2) << "they run to their ends by themselves";
    open.clear();
    EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace weir::downstream

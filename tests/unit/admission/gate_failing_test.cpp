#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "support/passage.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;
using test::make_gate_config;
using test::Passage;

// Ten clients, each of which sends its next request when the last one has ended. The first endpoint fails at once.
class ClosedLoop {
public:
    explicit ClosedLoop(Passage& passage) : passage_(passage) {}

    // How many of `count` requests each endpoint got.
    std::array<int, 2> run(int count, Duration bad, Duration good, const Need& need = {}) {
        std::array<int, 2> got{};
        while (got[0] + got[1] < count || !running_.empty()) {
            while (got[0] + got[1] < count && running_.size() < 10) {
                const EndpointId to = passage_.pass(need);
                ++got[index(to)];
                running_.push_back({passage_.now + (index(to) == 0 ? bad : good), index(to) == 0});
            }
            end_next();
        }
        return got;
    }

private:
    struct Run {
        TimePoint end;
        bool fails;
    };
    void end_next() {
        const auto next = std::min_element(running_.begin(), running_.end(),
                                           [](const Run& a, const Run& b) { return a.end < b.end; });
        passage_.now = next->end;
        passage_.gate.forget_old(passage_.now);
        const auto which = static_cast<std::size_t>(next - running_.begin());
        auto& [endpoint, load] = passage_.passed[which];
        load.ending = next->fails ? Ending::failure : Ending::success;
        passage_.gate.give_back(endpoint, load, passage_.now);
        passage_.remove(which);
        running_.erase(next);
    }

    Passage& passage_;
    std::deque<Run> running_;
};

TEST(FailingEndpoint, GetsNoMoreThanItsPartHoweverFastItFails) {
    for (const Balance balance : {Balance::most_room, Balance::least_requests}) {
        JudgeConfig config = make_gate_config({32, 32});
        config.balance = balance;
        Passage passage(config);
        ClosedLoop(passage).run(100, 1ms, 100ms);
        const auto [bad, good] = ClosedLoop(passage).run(400, 1ms, 100ms);
        EXPECT_LE(bad, 220);
    }
}

TEST(FailingEndpoint, GetsNoMoreThanItsPartWherePromptsAreTheLimit) {
    JudgeConfig config = make_gate_config({1000, 1000});
    config.endpoints[0].prompt_tokens = config.endpoints[1].prompt_tokens = 20'000;
    Passage passage(config);
    ClosedLoop(passage).run(100, 1ms, 100ms, {0, 1'000});
    const auto [bad, good] = ClosedLoop(passage).run(400, 1ms, 100ms, {0, 1'000});
    EXPECT_LE(bad, 220);
}

TEST(FailingEndpoint, StillTakesEverythingWhereNoOtherCan) {
    Passage passage({4});
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(passage.pass(), EndpointId{0});
        passage.end_first(Ending::failure);
    }
    EXPECT_EQ(passage.pass_all(), 4);
}

TEST(FailingEndpoint, IsForgivenSoonAfterItsLastFailure) {
    Passage passage({4, 4});
    passage.pass();
    passage.now += 100ms;
    passage.end_first(Ending::success);
    for (int i = 0; i < 1000; ++i) {
        auto& [endpoint, load] = passage.passed.emplace_back();
        endpoint = EndpointId{0};
        passage.gate.take(*passage.gate.available(endpoint), load, {}, passage.now);
        passage.end_first(Ending::failure);
    }
    passage.gate.forget_old(passage.now);
    EXPECT_GT(passage.endpoint(0).weighted_fill(), 1);
    passage.gate.forget_old(passage.now + 1s);
    EXPECT_EQ(passage.endpoint(0).weighted_fill(), 0);
}

TEST(FailingEndpoint, HasPaidWithItsTimeWhereItFailsSlowly) {
    Passage passage({4});
    passage.pass();
    passage.now += 100ms;
    passage.end_first(Ending::success);
    passage.pass();
    passage.now += 100ms;
    passage.end_first(Ending::failure);
    EXPECT_EQ(passage.endpoint(0).weighted_fill(), 0);
}

}  // namespace
}  // namespace weir::admission

#include "admission/gate/gate.hpp"

#include <gtest/gtest.h>

#include "admission/gate/room.hpp"
#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

constexpr TimePoint kNow = test::kStart;

EndpointGate make_gate(const std::vector<std::uint32_t>& limits) {
    std::vector<JudgeEndpoint> endpoints;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        endpoints.push_back({EndpointId{static_cast<std::uint16_t>(i)}, limits[i]});
    }
    return EndpointGate(endpoints);
}

int take_all(EndpointGate& gate, double room) {
    int taken = 0;
    while (Endpoint* endpoint = gate.choose(room)) {
        gate.take(*endpoint);
        ++taken;
    }
    return taken;
}

TEST(EndpointGate, UsesWholeLimitsExactly) {
    for (std::uint32_t limit = 10; limit <= 1000; limit += 10) {
        EXPECT_EQ(EndpointGate::usable(limit, 0), limit);
        EXPECT_EQ(EndpointGate::usable(limit, 0.1), limit / 10 * 9);
        EXPECT_EQ(EndpointGate::usable(limit, 0.2), limit / 10 * 8);
    }
}

TEST(EndpointGate, AnIdleEndpointTakesARequestWhateverItsLimit) {
    auto gate = make_gate({1});
    EXPECT_EQ(take_all(gate, 0.2), 1);
}

TEST(EndpointGate, KeepsRoomFree) {
    auto gate = make_gate({10, 20});
    EXPECT_EQ(take_all(gate, 0.2), 24);
    EXPECT_EQ(take_all(gate, 0), 6);
}

TEST(EndpointGate, FillsTheEmptiestAndTakesTurns) {
    auto gate = make_gate({10, 20, 10});
    for (int i = 0; i < 20; ++i) gate.take(*gate.choose(0));
    EXPECT_EQ(gate.endpoints()[0].inflight, 5U);
    EXPECT_EQ(gate.endpoints()[1].inflight, 10U);
    EXPECT_EQ(gate.endpoints()[2].inflight, 5U);
}

TEST(EndpointGate, UnavailableEndpointsTakeNothing) {
    auto gate = make_gate({2, 2});
    gate.set_available(EndpointId{0}, false);
    EXPECT_EQ(take_all(gate, 0), 2);
    gate.set_available(EndpointId{1}, false);
    EXPECT_FALSE(gate.any_available());
    EXPECT_EQ(gate.least_loaded(), nullptr);
}

TEST(EndpointGate, TakesTheLostOneLast) {
    auto gate = make_gate({4, 1});
    EXPECT_EQ(gate.choose(0, EndpointId{0})->id, EndpointId{1});
    gate.take(*gate.choose(0, EndpointId{0}));
    EXPECT_EQ(gate.choose(0, EndpointId{0})->id, EndpointId{0});
    EXPECT_EQ(gate.choose(0, EndpointId{1})->id, EndpointId{0});
}

TEST(EndpointGate, ARemovedEndpointDrainsAndIsGone) {
    auto gate = make_gate({2, 2});
    take_all(gate, 0);
    const JudgeEndpoint left{EndpointId{1}, 3};
    gate.reconfigure({&left, 1});
    EXPECT_EQ(gate.endpoints().size(), 2U);
    EXPECT_EQ(gate.choose(0)->id, EndpointId{1});
    gate.give_back(EndpointId{0});
    gate.give_back(EndpointId{0});
    EXPECT_EQ(gate.endpoints().size(), 1U);
}

TEST(EndpointGate, HealthOutlivesAReload) {
    auto gate = make_gate({2});
    gate.set_available(EndpointId{0}, false);
    const JudgeEndpoint same{EndpointId{0}, 2};
    gate.reconfigure({&same, 1});
    EXPECT_FALSE(gate.any_available());
}

TEST(Room, IsKeptForBetterPrioritiesThatAreActive) {
    Room room;
    EXPECT_DOUBLE_EQ(room.of(Priority::sheddable, kNow), 0);
    room.saw(Priority::normal, kNow);
    EXPECT_DOUBLE_EQ(room.of(Priority::sheddable, kNow), 0.1);
    EXPECT_DOUBLE_EQ(room.of(Priority::normal, kNow), 0);
    room.saw(Priority::critical, kNow);
    room.saw(Priority::high, kNow);
    EXPECT_DOUBLE_EQ(room.of(Priority::sheddable, kNow), 0.2);
    EXPECT_DOUBLE_EQ(room.of(Priority::high, kNow), 0.1);
    EXPECT_DOUBLE_EQ(room.of(Priority::critical, kNow), 0);
}

TEST(Room, IsGivenBackAfterAMinuteOfQuiet) {
    Room room;
    room.saw(Priority::critical, kNow);
    room.saw(Priority::high, kNow + 10s);
    EXPECT_EQ(room.next_lapse(kNow + 10s), kNow + 60s);
    EXPECT_DOUBLE_EQ(room.of(Priority::low, kNow + 60s - 1ns), 0.2);
    EXPECT_DOUBLE_EQ(room.of(Priority::low, kNow + 60s), 0.1);
    EXPECT_EQ(room.next_lapse(kNow + 60s), kNow + 70s);
    EXPECT_EQ(room.next_lapse(kNow + 70s), std::nullopt);
}

}  // namespace
}  // namespace weir::admission

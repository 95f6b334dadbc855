#include "simulate/controller.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/virtual_time.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using admission::Priority;
using admission::Standing;

constexpr EndpointId kFirst{0};
constexpr EndpointId kSecond{1};

// One controller over two endpoints with two places each.
class Door {
public:
    explicit Door(std::string_view name) : controller(make_controller(name, config(), clock.now())) {}

    Visit& arrive(Priority priority = Priority::normal) {
        Visit& visit = visits_.emplace_back();
        visit.priority = priority;
        visit.asking.cls = ClassId{0};
        visit.asking.client = visits_.size();
        controller->arrive(visit, clock.now(), changes);
        return visit;
    }
    void finish(Visit& visit) { controller->finish(visit, clock.now(), changes); }

    test::VirtualClock clock;
    VisitChanges changes;

private:
    static admission::JudgeConfig config() {
        admission::JudgeConfig config;
        config.endpoints = {{kFirst, 2}, {kSecond, 2}};
        config.classes.resize(1);
        config.classes[0].id = ClassId{0};
        config.classes[0].config.line = 1;
        return config;
    }
    std::deque<Visit> visits_;  // before the controller: a judge unlinks from them last

public:
    std::unique_ptr<Controller> controller;
};

TEST(Controller, IsKnownByItsName) {
    for (const auto name : controller_names()) EXPECT_TRUE(Door(name).controller) << name;
    EXPECT_FALSE(Door("oracle").controller);
}

TEST(Controller, NoneLetsEverybodyRunSpreadEvenly) {
    Door door("none");
    for (int i = 0; i < 10; ++i) {
        const Visit& visit = door.arrive();
        EXPECT_EQ(visit.ruling.standing, Standing::running);
        EXPECT_EQ(visit.ruling.endpoint, i % 2 == 0 ? kFirst : kSecond);
    }
}

TEST(Controller, CapRefusesWhoeverComesToFullEndpoints) {
    Door door("cap");
    Visit& first = door.arrive();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(door.arrive().ruling.standing, Standing::running);
    const Visit& refused = door.arrive();
    EXPECT_EQ(refused.ruling.standing, Standing::ended);
    EXPECT_EQ(refused.ruling.reason, Reason::line_full);
    door.finish(first);
    EXPECT_EQ(door.arrive().ruling.standing, Standing::running);
}

TEST(Controller, HaproxyServesItsQueueByPriorityThenByArrival) {
    Door door("haproxy");
    Visit& running = door.arrive();
    Visit& also_running = door.arrive();
    for (int i = 0; i < 2; ++i) door.arrive();
    Visit& low = door.arrive(Priority::low);
    Visit& high = door.arrive(Priority::high);
    const Visit& later_high = door.arrive(Priority::high);
    EXPECT_EQ(high.ruling.standing, Standing::waiting);
    door.finish(running);
    ASSERT_EQ(door.changes, VisitChanges{&high});
    EXPECT_EQ(high.ruling.standing, Standing::running);
    door.controller->leave(low, door.clock.now(), door.changes);
    door.finish(also_running);
    EXPECT_EQ(later_high.ruling.standing, Standing::running);
}

TEST(Controller, HaproxyRefusesWhoeverQueuedForTwoSeconds) {
    Door door("haproxy");
    for (int i = 0; i < 4; ++i) door.arrive();
    EXPECT_FALSE(door.controller->next_expiry());
    Visit& waiting = door.arrive();
    EXPECT_EQ(door.controller->next_expiry(), door.clock.now() + 2s);
    door.controller->expire(door.clock.advance(2s), door.changes);
    ASSERT_EQ(door.changes, VisitChanges{&waiting});
    EXPECT_EQ(waiting.ruling.reason, Reason::patience_expired);
    EXPECT_FALSE(door.controller->next_expiry());
}

TEST(Controller, NobodySendsToAnEndpointThatIsGone) {
    for (const auto name : controller_names()) {
        Door door(name);
        door.controller->set_available(kFirst, false, door.clock.now(), door.changes);
        for (int i = 0; i < 2; ++i) EXPECT_EQ(door.arrive().ruling.endpoint, kSecond) << name;
    }
}

TEST(Controller, WeirIsTheJudgeWithItsLines) {
    Door door("weir");
    Visit& first = door.arrive();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(door.arrive().ruling.standing, Standing::running);
    Visit& waiting = door.arrive();
    EXPECT_EQ(waiting.ruling.standing, Standing::waiting);
    const Visit& refused = door.arrive();
    EXPECT_EQ(refused.ruling.reason, Reason::line_full);
    EXPECT_GT(refused.ruling.retry_after, 0s);
    door.finish(first);
    ASSERT_EQ(door.changes, VisitChanges{&waiting});
    EXPECT_EQ(waiting.ruling.standing, Standing::running);
    EXPECT_EQ(waiting.ruling.endpoint, first.ruling.endpoint);
}

}  // namespace
}  // namespace weir::simulate

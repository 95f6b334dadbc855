#include "lab/simulate/controllers.hpp"

#include <gtest/gtest.h>

#include "unit/lab/simulate/door.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using admission::Priority;
using admission::Standing;
using test::Door;
using test::kFirst;
using test::kSecond;
using test::runs;
using test::waits;

TEST(Controller, IsKnownByItsName) {
    for (const auto name : controller_names()) EXPECT_TRUE(Door(name).controller) << name;
    EXPECT_FALSE(Door("soothsayer").controller);
}

TEST(Controller, TakesSettingsWithItsName) {
    EXPECT_FALSE(check_controller("haproxy:timeout=5,slots=0.5"));
    Door door("haproxy:timeout=5,slots=0.5");
    EXPECT_TRUE(runs(door.arrive()));
    EXPECT_TRUE(runs(door.arrive()));
    EXPECT_TRUE(waits(door.arrive()));
    EXPECT_EQ(door.controller->next_expiry(), door.clock.now() + 5s);
    const auto message = [](std::string_view words) { return check_controller(words).value_or(Error{}).message; };
    EXPECT_EQ(message("haproxy:timout=5"), "haproxy: unknown 'timout': its settings are slots, timeout");
    EXPECT_EQ(message("haproxy:slots=0"),
              "haproxy: 'slots=0': slots is a number from 0.01 to 100, of the policy's "
              "capacity.requests");
    EXPECT_EQ(message("haproxy:slots"), "haproxy: 'slots' is not key=value");
    EXPECT_EQ(message("none:a=1"), "none: unknown 'a': it has no settings");
    EXPECT_NE(message("nginx").find("'nginx' is none of weir, none, cap"), std::string::npos);
}

TEST(Controller, NoneRunsEveryRequestSpreadEvenly) {
    Door door("none");
    for (int i = 0; i < 10; ++i) {
        const Visit& visit = door.arrive();
        EXPECT_EQ(visit.ruling.standing, Standing::running);
        EXPECT_EQ(visit.ruling.endpoint, i % 2 == 0 ? kFirst : kSecond);
    }
}

TEST(Controller, CapRefusesRequestsWhenEndpointsAreFull) {
    Door door("cap");
    Visit& first = door.arrive();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(door.arrive().ruling.standing, Standing::running);
    const Visit& refused = door.arrive();
    EXPECT_EQ(refused.ruling.standing, Standing::ended);
    EXPECT_EQ(refused.ruling.reason, Reason::queue_full);
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

TEST(Controller, HaproxyRefusesARequestThatQueuedForTwoSeconds) {
    Door door("haproxy");
    for (int i = 0; i < 4; ++i) door.arrive();
    EXPECT_FALSE(door.controller->next_expiry());
    Visit& waiting = door.arrive();
    EXPECT_EQ(door.controller->next_expiry(), door.clock.now() + 2s);
    door.controller->expire(door.clock.advance(2s), door.changes);
    ASSERT_EQ(door.changes, VisitChanges{&waiting});
    EXPECT_EQ(waiting.ruling.reason, Reason::queue_timeout);
    EXPECT_FALSE(door.controller->next_expiry());
}

TEST(Controller, NoControllerSendsToAnEndpointThatIsGone) {
    for (const auto name : controller_names()) {
        Door door(name);
        door.controller->set_available(kFirst, false, door.clock.now(), door.changes);
        for (int i = 0; i < 2; ++i) EXPECT_EQ(door.arrive().ruling.endpoint, kSecond) << name;
    }
}

TEST(Controller, WeirShowsTheCountsBehindItsLimits) {
    admission::JudgeConfig config = test::door_config(4);
    for (auto& endpoint : config.endpoints) endpoint.context_tokens = 1'000;
    Door door("weir", config);
    Visit& visit = door.prepare();
    visit.asking.prompt_tokens = 200;
    door.arrive(visit);
    const Gauges gauges = door.controller->gauges(door.clock.now());
    EXPECT_EQ(gauges.limit, 8);
    EXPECT_DOUBLE_EQ(gauges.context, 0.1);
    EXPECT_GT(gauges.prompts, 0);
    door.first_token(visit);
    EXPECT_EQ(door.controller->gauges(door.clock.now()).prompts, 0);
}

TEST(Controller, WeirIsTheJudgeWithItsQueues) {
    Door door("weir");
    Visit& first = door.arrive();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(door.arrive().ruling.standing, Standing::running);
    Visit& waiting = door.arrive();
    EXPECT_EQ(waiting.ruling.standing, Standing::waiting);
    const Visit& refused = door.arrive();
    EXPECT_EQ(refused.ruling.reason, Reason::queue_full);
    EXPECT_GT(refused.ruling.retry_after, 0s);
    door.finish(first);
    ASSERT_EQ(door.changes, VisitChanges{&waiting});
    EXPECT_EQ(waiting.ruling.standing, Standing::running);
    EXPECT_EQ(waiting.ruling.endpoint, first.ruling.endpoint);
}

}  // namespace
}  // namespace weir::simulate

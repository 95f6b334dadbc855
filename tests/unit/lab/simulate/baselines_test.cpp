// The rules that Weir is compared with, each by its characteristic behaviour.

#include <gtest/gtest.h>

#include "unit/lab/simulate/door.hpp"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using admission::Priority;
using admission::Standing;
using test::Door;
using test::door_config;
using test::runs;
using test::waits;

// That many places, and classes of the best and the worst priority.
admission::JudgeConfig two_classes(std::uint32_t places) {
    admission::JudgeConfig config = door_config(places);
    config.endpoints.resize(1);
    config.classes.resize(2);
    config.classes[0].config.priority = Priority::critical;
    config.classes[0].config.slo = admission::SloConfig{2s, 0.99};
    config.classes[1].id = ClassId{1};
    config.classes[1].config.priority = Priority::sheddable;
    return config;
}
Visit& direct(Door& door) { return door.arrive(Priority::critical, ClassId{0}); }
Visit& bulk(Door& door) { return door.arrive(Priority::sheddable, ClassId{1}); }

TEST(Smg, KeepsItsReservedSlotsFromWorseClasses) {
    Door door("smg:reserved=0.25", two_classes(8));
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(runs(bulk(door)));
    EXPECT_TRUE(waits(bulk(door)));
    EXPECT_TRUE(runs(direct(door)));
    EXPECT_TRUE(runs(direct(door)));
}

TEST(Smg, EndsTheNewestOfAWorseClassBeforeItsFirstByte) {
    Door door("smg:reserved=0", two_classes(2));
    Visit& older = bulk(door);
    Visit& newer = bulk(door);
    const Visit& first = direct(door);
    EXPECT_TRUE(runs(first));
    ASSERT_EQ(door.changes, VisitChanges{&newer});
    EXPECT_EQ(newer.ruling.reason, Reason::displaced);
    EXPECT_EQ(newer.ruling.retry_after, 1s);
    door.first_token(older);
    EXPECT_TRUE(waits(direct(door)));  // no request is left whose answer has not begun
    EXPECT_TRUE(runs(older));
}

TEST(Smg, PromotesAHeadThatHasWaitedTooLong) {
    Door door("smg:reserved=0.5,starvation=10", two_classes(4));
    Visit& running = direct(door);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(runs(bulk(door)));
    Visit& old = bulk(door);
    EXPECT_TRUE(waits(old));
    door.clock.advance(9s);
    door.finish(running);
    EXPECT_TRUE(waits(old));  // what is free is reserved
    Visit& again = direct(door);
    door.clock.advance(2s);
    door.finish(again);
    EXPECT_TRUE(runs(old));
}

TEST(Smg, RefusesAtAFullQueueAndAfterItsTimeout) {
    Door door("smg:reserved=0,worse_timeout=20", two_classes(1));
    EXPECT_TRUE(runs(bulk(door)));
    Visit& waiting = bulk(door);
    EXPECT_TRUE(waits(bulk(door)));
    EXPECT_EQ(bulk(door).ruling.reason, Reason::queue_full);
    door.clock.advance(20s);
    door.expire();
    EXPECT_EQ(waiting.ruling.reason, Reason::queue_timeout);
}

TEST(Llmd, HoldsWhileTheScrapedGaugesAreAboveTheirThresholds) {
    for (const bool by_kv : {false, true}) {
        Door door("llmd:queue=5,kv=0.8,scrape=0.05,burst=1", two_classes(8));
        EngineCounts gauges;
        EngineConfig engine;
        door.controller->connect(engine, [&](EndpointId) { return gauges; });
        gauges.kv_used = by_kv ? engine.kv_tokens * 9 / 10 : 0;
        gauges.waiting = by_kv ? 0 : 6;
        Visit& low = bulk(door);
        Visit& high = direct(door);
        EXPECT_TRUE(waits(low));
        EXPECT_TRUE(waits(high));
        gauges = {};
        gauges.waiting = 5;
        EXPECT_TRUE(waits(direct(door)));  // it does not know yet
        EXPECT_EQ(door.controller->next_expiry(), door.clock.now() + 50ms);
        door.clock.advance(50ms);
        door.expire();
        EXPECT_TRUE(runs(high));
        EXPECT_TRUE(waits(low));  // one is enough until the next scrape
    }
}

TEST(Dagor, ShedsTheWorstLevelsStepByStepWhileAnswersAreLate) {
    Door door("dagor:threshold=0.5,alpha=0.2,beta=0.1", two_classes(1));
    const auto window = [&](Duration latency) {
        int admitted = 0;
        int admitted_direct = 0;
        std::vector<Visit*> visits;
        for (int i = 0; i < 1000; ++i) {
            Visit& visit = i % 4 == 0 ? direct(door) : bulk(door);
            if (!runs(visit)) continue;
            ++admitted;
            admitted_direct += visit.priority == Priority::critical ? 1 : 0;
            visits.push_back(&visit);
        }
        door.clock.advance(latency);
        for (Visit* visit : visits) {
            door.first_token(*visit);
            door.finish(*visit);
        }
        door.clock.advance(1s);
        return std::pair(admitted, admitted_direct);
    };
    EXPECT_EQ(window(1s), std::pair(1000, 250));
    const auto second = window(1s);
    EXPECT_LE(second.first, 850);
    EXPECT_EQ(second.second, 250);
    const auto third = window(100ms);
    EXPECT_LT(third.first, second.first);
    EXPECT_EQ(third.second, 250);
    EXPECT_GT(window(100ms).first, third.first);
}

TEST(Cinnamon, RejectsTheWorstWhileItsQueueNeverEmpties) {
    Door door("cinnamon:timeout=5,period=0.5", two_classes(4));
    std::deque<Visit*> running;
    int rejected_direct = 0;
    int rejected_bulk = 0;
    // Eight come for each one that ends; every second time one of them is of the better class.
    for (int i = 0; i < 400; ++i) {
        for (int j = 0; j < 8; ++j) {
            const bool better = j == 0 && i % 2 == 0;
            Visit& visit = better ? direct(door) : bulk(door);
            if (runs(visit)) running.push_back(&visit);
            if (visit.ruling.standing != Standing::ended) continue;
            ++(better ? rejected_direct : rejected_bulk);
        }
        door.clock.advance(50ms);
        if (!running.empty()) {
            door.first_token(*running.front());
            door.finish(*running.front());
            running.pop_front();
        }
        for (Visit* changed : door.changes) {
            if (runs(*changed)) running.push_back(changed);
        }
        door.changes.clear();
        door.expire();
        door.changes.clear();
    }
    EXPECT_GT(rejected_bulk, 1'500);  // of 3,000
    EXPECT_LT(rejected_direct, 20);   // of 200
}

TEST(Oracle, AdmitsWhatFitsToItsLastToken) {
    Door door("oracle:reserve=0", two_classes(8));
    EngineConfig engine;
    engine.kv_tokens = 1'000;
    door.controller->connect(engine, {});
    const auto comes = [&](std::uint32_t prompt, std::uint32_t output) -> Visit& {
        Visit& visit = door.prepare(Priority::sheddable, ClassId{1});
        visit.prompt_tokens = prompt;
        visit.output_tokens = output;
        door.arrive(visit);
        return visit;
    };
    Visit& first = comes(100, 600);
    EXPECT_TRUE(runs(first));
    Visit& longer = comes(200, 200);
    const Visit& shorter = comes(100, 150);
    EXPECT_TRUE(waits(longer));
    EXPECT_TRUE(runs(shorter));  // the least work first
    door.first_token(first);
    EXPECT_TRUE(waits(longer));
    door.finish(first);
    EXPECT_TRUE(runs(longer));
}

TEST(Oracle, RefusesARequestThatCannotHaveItsFirstTokenInTime) {
    Door door("oracle", two_classes(8));
    EngineConfig engine;
    engine.max_num_seqs = 1;
    door.controller->connect(engine, {});
    EXPECT_TRUE(runs(direct(door)));
    Visit& waiting = direct(door);
    EXPECT_TRUE(waits(waiting));
    door.clock.advance(2s);
    door.expire();
    EXPECT_EQ(waiting.ruling.standing, Standing::ended);
    Visit& hopeless = door.prepare(Priority::critical, ClassId{0});
    hopeless.prompt_tokens = 100'000;
    door.arrive(hopeless);
    EXPECT_EQ(hopeless.ruling.reason, Reason::deadline_expired);
}

}  // namespace
}  // namespace weir::simulate

// The cost of a decision: one request arrives and one finishes, with others waiting in the queue. All parts of the law
// are in force: cohorts, guarantees, headroom, the three limits of the gate, buckets of class and client.
//
// The queue's length must not matter: it is the argument. RefuseEarly is the cheapest answer. OneDecision times each
// decision, clock reading included, and shows its 50th and 99th percentile.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <vector>

#include "admission/judge.hpp"

namespace weir::admission {
namespace {

constexpr std::uint32_t kSlots = 256;
constexpr TimePoint kStart{std::chrono::hours(100)};

JudgeConfig make_config(std::uint32_t waiting) {
    JudgeConfig config;
    for (std::uint16_t i = 0; i < 4; ++i) {
        JudgeClass cls;
        cls.id = ClassId{i};
        cls.config.priority = static_cast<Priority>(i);
        cls.config.queue_timeout = 1h;
        cls.config.queue = waiting + 1;
        cls.config.limits.requests = RateConfig{1e9, 1e6};
        cls.config.per_client.requests = RateConfig{1e9, 1e6};
        if (i == 3) cls.config.guarantee = 0.05;
        config.classes.push_back(cls);
    }
    for (std::uint16_t i = 0; i < 2; ++i) config.endpoints.push_back({EndpointId{i}, kSlots / 2, 10'000'000});
    return config;
}

// A judge with all slots taken and `waiting` requests of the last class in the queue.
class FullJudge {
public:
    explicit FullJudge(std::uint32_t waiting) : places(kSlots + waiting + 1), judge(make_config(waiting), kStart) {
        changes.reserve(64);
        for (Place& place : places) idle.push_back(&place);
        for (std::uint32_t i = 0; i < kSlots + waiting; ++i) arrive();
    }

    void arrive() {
        Ask ask;
        ask.cls = ClassId{3};
        ask.client = arrived % 1000;
        ask.cohort = static_cast<std::uint16_t>(arrived * 2'654'435'761U % law::kCohorts);
        ask.prompt_tokens = 10;
        ask.streams = true;
        now += 1us;
        ++arrived;
        Place& place = *idle.back();
        idle.pop_back();
        judge.arrive(place, ask, now, changes);
        changes.push_back(&place);
        settle();
    }
    void finish() {
        Place& place = *running.front();
        running.pop_front();
        judge.finish(place, now, changes);
        changes.push_back(&place);
        settle();
    }
    void settle() {
        for (Place* place : changes) {
            if (place->standing() == Standing::running) running.push_back(place);
            if (place->standing() == Standing::ended) idle.push_back(place);
        }
        changes.clear();
    }

    std::deque<Place> places;  // before the judge that links them
    Judge judge;
    Changes changes;
    TimePoint now = kStart;
    std::deque<Place*> running;
    std::vector<Place*> idle;
    std::size_t arrived = 0;
};

void ArriveAndFinish(benchmark::State& state) {
    FullJudge full(static_cast<std::uint32_t>(state.range(0)));
    for (auto _ : state) {
        full.arrive();
        full.finish();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ArriveAndFinish)->Arg(0)->Arg(10)->Arg(10'000);

void OneDecision(benchmark::State& state) {
    FullJudge full(static_cast<std::uint32_t>(state.range(0)));
    std::vector<std::int64_t> times;
    times.reserve(1 << 24);
    for (auto _ : state) {
        const auto began = std::chrono::steady_clock::now();
        full.arrive();
        const auto ended = std::chrono::steady_clock::now();
        if (times.size() < times.capacity()) times.push_back((ended - began).count());
        full.finish();
    }
    const auto percentile = [&](double share) {
        const auto place = times.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1));
        std::nth_element(times.begin(), place, times.end());
        return static_cast<double>(*place);
    };
    state.counters["p50_ns"] = percentile(0.5);
    state.counters["p99_ns"] = percentile(0.99);
}
BENCHMARK(OneDecision)->Arg(10)->Arg(10'000)->Iterations(2'000'000);

void RefuseEarly(benchmark::State& state) {
    FullJudge full(static_cast<std::uint32_t>(state.range(0)));
    full.arrive();
    Ask ask;
    ask.cls = ClassId{3};
    ask.cohort = law::kCohorts - 1;
    std::uint64_t refused = 0;
    for (auto _ : state) refused += full.judge.refuse_early(ask, full.now).has_value();
    state.counters["refused"] = static_cast<double>(refused) / static_cast<double>(state.iterations());
}
BENCHMARK(RefuseEarly)->Arg(10)->Arg(10'000);

}  // namespace
}  // namespace weir::admission

BENCHMARK_MAIN();

// What a decision costs: one request arrives and one finishes, with others waiting in line.
//
// The line must not matter: its length is the argument. RefuseEarly is the cheapest answer there is.

#include <benchmark/benchmark.h>

#include <deque>
#include <memory>

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
        cls.config.patience = 1h;
        cls.config.line = waiting + 1;
        cls.config.limits.requests = RateConfig{1e9, 1e6};
        cls.config.per_client.requests = RateConfig{1e9, 1e6};
        config.classes.push_back(cls);
    }
    for (std::uint16_t i = 0; i < 2; ++i) config.endpoints.push_back({EndpointId{i}, kSlots / 2});
    return config;
}

// A judge with all slots taken and `waiting` requests of the last class in line.
class FullJudge {
public:
    explicit FullJudge(std::uint32_t waiting) : places(kSlots + waiting + 1), judge(make_config(waiting), kStart) {
        changes.reserve(64);
        for (std::uint32_t i = 0; i < kSlots + waiting; ++i) arrive();
    }

    // Places go round: they are dispatched, and so finish, in the order of their arrival.
    void arrive() {
        Ask ask;
        ask.cls = ClassId{3};
        ask.client = arrived % 1000;
        now += 1us;
        judge.arrive(places[arrived++ % places.size()], ask, now, changes);
        changes.clear();
    }
    void finish() {
        judge.finish(places[finished++ % places.size()], now, changes);
        changes.clear();
    }

    std::deque<Place> places;  // before the judge that links them
    Judge judge;
    Changes changes;
    TimePoint now = kStart;
    std::size_t arrived = 0;
    std::size_t finished = 0;
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

void RefuseEarly(benchmark::State& state) {
    FullJudge full(static_cast<std::uint32_t>(state.range(0)));
    full.arrive();
    Ask ask;
    ask.cls = ClassId{3};
    std::uint64_t refused = 0;
    for (auto _ : state) refused += full.judge.refuse_early(ask, full.now).has_value();
    state.counters["refused"] = static_cast<double>(refused) / static_cast<double>(state.iterations());
}
BENCHMARK(RefuseEarly)->Arg(10)->Arg(10'000);

}  // namespace
}  // namespace weir::admission

BENCHMARK_MAIN();

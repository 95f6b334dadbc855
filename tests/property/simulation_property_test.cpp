// Whatever arrives and whatever breaks: the totals add up, and a run can be repeated.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lab/simulate/controllers.hpp"
#include "lab/simulate/simulation.hpp"
#include "unit/lab/simulate/small_simulation.hpp"

namespace weir::simulate {
namespace {

Duration milliseconds(int from, int to) { return std::chrono::milliseconds(*rc::gen::inRange(from, to)); }

Trace any_trace() {
    Trace trace;
    trace.hints = {"direct", "siri-bulk"};
    trace.clients = 10;
    const auto count = *rc::gen::inRange<std::uint64_t>(0, 200);
    for (std::uint64_t i = 0; i < count; ++i) {
        TraceRequest request;
        request.arrival = milliseconds(0, 3'000);
        request.number = i;
        request.prompt_tokens = *rc::gen::inRange(1U, 3'000U);
        request.output_tokens = *rc::gen::inRange(1U, 200U);
        request.client = *rc::gen::oneOf(rc::gen::just(kNoClient), rc::gen::inRange(0U, 10U));
        request.hint = *rc::gen::inRange<std::uint16_t>(0, 2);
        trace.requests.push_back(request);
    }
    std::sort(trace.requests.begin(), trace.requests.end(), [](const auto& a, const auto& b) {
        return std::pair(a.arrival, a.number) < std::pair(b.arrival, b.number);
    });
    return trace;
}

SimulationConfig any_config() {
    SimulationConfig config = test::sim_config(*rc::gen::inRange(1U, 4U));
    const auto names = controller_names();
    config.controller = names[*rc::gen::inRange<std::size_t>(0, names.size())];
    config.retries = *rc::gen::arbitrary<bool>();
    config.give_up = milliseconds(100, 10'000);
    config.engine.kv_tokens = *rc::gen::inRange<std::uint64_t>(2'000, 30'000);
    config.backends[0].classes[1].config.limits.concurrency = *rc::gen::inRange(1U, 50U);
    const auto losses = *rc::gen::inRange(0, 4);
    for (int i = 0; i < losses; ++i) {
        const auto endpoint = *rc::gen::inRange<std::size_t>(0, config.backends[0].endpoints.size());
        const Duration from = milliseconds(0, 4'000);
        config.losses.push_back({static_cast<EndpointId>(endpoint), {from, from + milliseconds(1, 4'000)}});
    }
    const Duration from = milliseconds(0, 4'000);
    config.slowdowns.push_back({0.1 * *rc::gen::inRange(1, 30), {from, from + milliseconds(1, 4'000)}});
    return config;
}

RC_GTEST_PROP(SimulationProperty, GivesEveryRequestOneEndingWhateverBreaks, ()) {
    const SimulationConfig config = any_config();
    const Trace trace = any_trace();
    const simulate::Run run = test::sim_run(config, trace);
    std::uint64_t offered = 0;
    std::uint64_t endings = 0;
    for (const ClassRun& cls : run.classes) {
        offered += cls.whole.offered;
        endings += cls.whole.served + cls.whole.refused() + cls.whole.failed();
        RC_ASSERT(cls.whole.first_tokens.size() == cls.whole.served);
    }
    RC_ASSERT(offered == trace.requests.size());
    RC_ASSERT(endings == offered);
    RC_ASSERT(run.tries <= 3 * offered);
    if (!config.retries) RC_ASSERT(run.tries == offered);
}

RC_GTEST_PROP(SimulationProperty, RepeatsItself, ()) {
    const SimulationConfig config = any_config();
    const Trace trace = any_trace();
    const simulate::Run first = test::sim_run(config, trace);
    const simulate::Run again = test::sim_run(config, trace);
    RC_ASSERT(first.tries == again.tries);
    RC_ASSERT(first.length == again.length);
    for (std::size_t i = 0; i < first.classes.size(); ++i) {
        RC_ASSERT(first.classes[i].whole.first_tokens == again.classes[i].whole.first_tokens);
        RC_ASSERT(first.classes[i].whole.unserved == again.classes[i].whole.unserved);
    }
}

}  // namespace
}  // namespace weir::simulate

// The engine model on random loads: every request that is not cancelled gets exactly its tokens, in order; the limits
// hold at every step; nothing is left behind; and how often it is polled changes nothing.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

#include "lab/simulate/engine.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {
namespace {

using namespace std::chrono_literals;
using simulate::Engine;
using simulate::EngineConfig;
using simulate::EngineEvent;
using simulate::RequestId;

struct Submission {
    std::uint32_t prompt = 1;
    std::uint32_t output = 1;
    int priority = 0;
    std::uint32_t wait_ms = 0;  // after it
    bool cancels = false;       // the request before the last, after the wait
    simulate::Lineage lineage;  // a conversation of which not all turns are as long as what was said before
};

std::ostream& operator<<(std::ostream& out, const Submission& s) {
    return out << "{prompt " << s.prompt << ", output " << s.output << ", priority " << s.priority << ", wait "
               << s.wait_ms << " ms, conversation " << s.lineage.conversation << (s.cancels ? ", cancels}" : "}");
}

rc::Gen<std::vector<Submission>> any_load() {
    using rc::gen::inRange;
    return rc::gen::container<std::vector<Submission>>(rc::gen::build<Submission>(
        rc::gen::set(&Submission::prompt, inRange(1U, 200U)), rc::gen::set(&Submission::output, inRange(1U, 60U)),
        rc::gen::set(&Submission::priority, inRange(0, 3)), rc::gen::set(&Submission::wait_ms, inRange(0U, 120U)),
        rc::gen::set(&Submission::cancels),
        rc::gen::set(&Submission::lineage, rc::gen::map(inRange(0U, 3U), [](std::uint32_t conversation) {
            return simulate::Lineage{.conversation = conversation};
        }))));
}

EngineConfig tight(bool by_priority) {
    EngineConfig config;
    config.max_num_seqs = 3;
    config.max_num_batched_tokens = 64;
    config.kv_tokens = 300;
    config.step_noise = 0.2;
    config.order = by_priority ? simulate::QueueOrder::priority : simulate::QueueOrder::first_come;
    return config;
}

void check_limits(const Engine& engine) {
    RC_ASSERT(engine.counts().running <= engine.config().max_num_seqs);
    RC_ASSERT(engine.counts().kv_used <= engine.config().kv_tokens);
    RC_ASSERT(engine.counts().running + engine.counts().waiting == 0 || engine.next_event());
}

// Plays the load step by step, or with as few polls as possible.
std::vector<EngineEvent> play(const std::vector<Submission>& load, bool by_priority, bool step_by_step,
                              std::map<RequestId, bool>& cancelled) {
    Engine engine(tight(by_priority));
    std::vector<EngineEvent> events;
    TimePoint now = kStart;
    const auto advance = [&](TimePoint to) {
        for (auto next = engine.next_event(); step_by_step && next && *next <= to; next = engine.next_event()) {
            engine.advance(*next, events);
            check_limits(engine);
        }
        engine.advance(to, events);
        check_limits(engine);
        now = to;
    };
    for (RequestId id = 0; id < load.size(); ++id) {
        RC_ASSERT(engine.submit(id, load[id].prompt, load[id].output, load[id].priority, now, load[id].lineage));
        advance(now + std::chrono::milliseconds(load[id].wait_ms));
        if (load[id].cancels && id > 0) cancelled[id - 1] = engine.cancel(id - 1);
        check_limits(engine);
    }
    advance(now + 1h);
    RC_ASSERT(!engine.next_event());
    RC_ASSERT(engine.counts().kv_used == 0U);
    return events;
}

RC_GTEST_PROP(EngineProperty, EveryRequestGetsExactlyItsTokensUnlessCancelled, (bool by_priority)) {
    const auto load = *any_load();
    std::map<RequestId, bool> cancelled;
    const auto events = play(load, by_priority, true, cancelled);
    std::map<RequestId, std::uint32_t> tokens;
    std::map<RequestId, bool> finished;
    TimePoint last = kStart;
    for (const EngineEvent& event : events) {
        RC_ASSERT(event.at >= last);
        RC_ASSERT(!finished[event.id]);
        last = event.at;
        const bool ends = event.kind == EngineEvent::Kind::finished;
        if (!ends) ++tokens[event.id];
        RC_ASSERT(event.cached < load[event.id].prompt);
        RC_ASSERT(event.tokens == tokens[event.id]);
        RC_ASSERT((event.kind == EngineEvent::Kind::first_token) == (!ends && tokens[event.id] == 1));
        finished[event.id] = ends;
    }
    for (RequestId id = 0; id < load.size(); ++id) {
        RC_ASSERT(finished[id] == !cancelled[id]);
        RC_ASSERT(cancelled[id] || tokens[id] == load[id].output);
    }
}

RC_GTEST_PROP(EngineProperty, HowOftenItIsPolledChangesNothing, (bool by_priority)) {
    const auto load = *any_load();
    std::map<RequestId, bool> cancelled;
    RC_ASSERT(play(load, by_priority, true, cancelled) == play(load, by_priority, false, cancelled));
}

}  // namespace
}  // namespace weir::test

#pragma once
// A gate, and the loads of the requests that have passed it.

#include <deque>
#include <utility>
#include <vector>

#include "admission/gate/gate.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

using admission::Ending;
using admission::Endpoint;
using admission::EndpointGate;
using admission::JudgeConfig;
using admission::Load;
using admission::Need;

inline JudgeConfig make_gate_config(const std::vector<std::uint32_t>& limits) {
    JudgeConfig config;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        config.endpoints.push_back({EndpointId{static_cast<std::uint16_t>(i)}, limits[i]});
    }
    return config;
}

struct Passage {
    explicit Passage(JudgeConfig wanted) : config(std::move(wanted)), gate(config, kStart) {}
    explicit Passage(const std::vector<std::uint32_t>& limits) : Passage(make_gate_config(limits)) {}
    ~Passage() {
        for (auto& [endpoint, load] : passed) gate.give_back(endpoint, load, kStart);
    }

    // Lets a request pass and returns its endpoint; kNoEndpoint when it fits nowhere.
    EndpointId pass(const Need& need = {}, bool streams = true, EndpointId lost = kNoEndpoint) {
        Endpoint* endpoint = gate.choose(need, lost);
        if (endpoint == nullptr) return kNoEndpoint;
        auto& [id, load] = passed.emplace_back();
        gate.take(*endpoint, load, {need.prompt_tokens, need.answer_tokens, streams, need.headroom == 0}, now);
        gate.note_conversation(endpoint->id, need.affinity, need.prompt_tokens);
        return id = endpoint->id;
    }
    int pass_all(const Need& need = {}) {
        int count = 0;
        while (pass(need) != kNoEndpoint) ++count;
        return count;
    }
    void end_first(Ending ending = Ending::ignored) {
        passed.front().second.ending = ending;
        gate.give_back(passed.front().first, passed.front().second, now);
        passed.pop_front();
    }
    void remove(std::size_t which) { passed.erase(passed.begin() + static_cast<std::ptrdiff_t>(which)); }
    bool answer(std::size_t which) { return gate.answered(passed[which].first, passed[which].second, now); }
    void stream(std::size_t which, std::uint32_t tokens) {
        gate.streamed(passed[which].first, passed[which].second, tokens);
    }
    const Endpoint& endpoint(std::size_t which) const { return *gate.endpoints()[which]; }

    JudgeConfig config;
    std::deque<std::pair<EndpointId, Load>> passed;
    EndpointGate gate;
    TimePoint now = kStart;
};

}  // namespace weir::test

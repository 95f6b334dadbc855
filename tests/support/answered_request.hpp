#pragma once
// A request that holds its slot, and an answer of which some has passed: what is left of it is to be settled.

#include <string>
#include <string_view>

#include "downstream/exchange/settlement.hpp"
#include "support/prepared_prompt.hpp"

namespace weir::test {

class AnsweredRequest {
public:
    AnsweredRequest(const PreparedPrompt::Head& head, std::string_view body, downstream::Reading reading,
                    std::string_view content, int status = 200)
        : prepared(one, head, body),
          probe(one.client, 1),
          slot(one.client, probe, outcome()),
          progress(judge(), slot.ticket()),
          settlement(prepared.arrival.inbound, prepared.arrival.caller, prepared.prompt.facts(), progress, slot,
                     outcome()) {
        EXPECT_FALSE(slot.arrive(prepared.arrival.caller));
        outcome().record.status = status;
        progress.begin(reading, false);
        if (prepared.prompt.facts().stream) progress.keep_beginning();
        progress.passed(content, one.client.turn());
    }
    AnsweredRequest(std::string_view path, std::string_view body, downstream::Reading reading, std::string_view content,
                    int status = 200)
        : AnsweredRequest(PreparedPrompt::Head{post_to(path, json_fields(body.size()))}, body, reading, content,
                          status) {}

    [[nodiscard]] downstream::Outcome& outcome() { return prepared.arrival.outcome; }
    [[nodiscard]] downstream::SharedJudge& judge() { return *one.client.routing->routes[0].judge; }
    [[nodiscard]] downstream::VideoJobs& jobs() { return *one.client.routing->routes[0].jobs; }
    [[nodiscard]] std::uint32_t inflight() { return judge().counts(one.client.turn()).classes[0].inflight; }
    // Both counts as a reader of the log sees them.
    [[nodiscard]] std::string tokens() {
        const auto words = [](telemetry::TokenCount count) {
            return std::to_string(count.tokens).append(" ").append(name(count.source));
        };
        return words(outcome().record.tokens_in) + ", " + words(outcome().record.tokens_out);
    }

    OneClient one;
    PreparedPrompt prepared;
    downstream::ClientProbe probe;
    downstream::Slot slot;
    downstream::Progress progress;
    downstream::Settlement settlement;
};

}  // namespace weir::test

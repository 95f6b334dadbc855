#include "downstream/exchange/outcome.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "support/exchange_parts.hpp"

namespace weir::downstream {
namespace {

using test::get_of;
using test::OneClient;

// The record of a request to which `change` was done.
template <typename Change>
telemetry::Record recorded(OneClient& one, Change change) {
    {
        test::Arrival arrival(one, get_of("/a?b", "X-Request-Id: id-1\r\n"));
        change(arrival.outcome);
        EXPECT_TRUE(one.recorder.records.empty()) << "it is not over";
    }
    EXPECT_EQ(one.recorder.records.size(), 1U);
    return one.recorder.records.at(0);
}

TEST(Outcome, IsRecordedOnceWhenItsRequestIsOver) {
    OneClient one;
    const telemetry::Record record = recorded(one, [](Outcome& outcome) {
        outcome.reason = Reason::admitted_after_wait;
        outcome.record.status = 200;
        outcome.degraded = "shorter";
    });
    EXPECT_EQ(record.reason, Reason::admitted_after_wait);
    EXPECT_EQ(record.status, 200);
    EXPECT_EQ(record.request_id, "id-1");
    EXPECT_EQ(record.method, "GET");
    EXPECT_EQ(record.path, "/a");
    EXPECT_EQ(record.degraded, "shorter");
    EXPECT_EQ(record.source, one.client.peer);
    EXPECT_EQ(record.listener, ListenerId{0});
    EXPECT_GE(record.duration, Duration::zero());
}

TEST(Outcome, IsAFaultOfOursWhereAnExceptionEndedIt) {
    OneClient one;
    try {
        const test::Arrival arrival(one, get_of("/"));
        throw std::runtime_error("no memory");
    } catch (const std::runtime_error&) {
    }
    ASSERT_EQ(one.recorder.records.size(), 1U);
    EXPECT_EQ(one.recorder.records[0].reason, Reason::internal_error);
}

TEST(Outcome, NotesWhatDecidedARefusal) {
    OneClient one;
    const telemetry::Record record = recorded(one, [](Outcome& outcome) {
        outcome.note_refusal({.reason = Reason::queue_full, .gate = "line", .limit = 16, .observed = 17});
    });
    EXPECT_EQ(record.reason, Reason::queue_full);
    EXPECT_EQ(record.gate, "line");
    EXPECT_EQ(record.limit, 16);
    EXPECT_EQ(record.observed, 17);
}

TEST(Outcome, KeepsTheGateThatItKnewWhereARefusalNamesNone) {
    OneClient one;
    const telemetry::Record record = recorded(one, [](Outcome& outcome) {
        admission::Decision decision;
        decision.gate = admission::Gate::eviction;
        decision.limit = 2;
        outcome.note_gate(decision);
        outcome.note_refusal({.reason = Reason::backend_reset});
    });
    EXPECT_EQ(record.reason, Reason::backend_reset);
    EXPECT_EQ(record.gate, "eviction");
    EXPECT_EQ(record.limit, 2);
}

TEST(Outcome, NotesTheBeginningOfAModelsName) {
    OneClient one;
    const std::string name = "model-" + std::string(100, 'x');
    const telemetry::Record record = recorded(one, [&](Outcome& outcome) { outcome.note_model(name); });
    EXPECT_EQ(record.model, name.substr(0, 64));
}

TEST(Outcome, NotesTracesOfTheUsualFormOnly) {
    constexpr std::string_view id = "0123456789abcdef0123456789abcdef";
    const std::string whole = "00-" + std::string(id) + "-0123456789abcdef-01";
    struct Row {
        std::string trace;
        std::string_view id;
    };
    for (const Row& row : {Row{whole, id},
                           {whole.substr(0, 36), id},
                           {whole.substr(0, 35), ""},
                           {"", ""},
                           {"000" + whole.substr(3), ""},
                           {whole.substr(0, 35) + "0" + whole.substr(36), ""}}) {
        OneClient one;
        EXPECT_EQ(recorded(one, [&](Outcome& outcome) { outcome.note_trace(row.trace); }).trace_id, row.id)
            << row.trace;
    }
}

TEST(Outcome, IsGoodWhereTheBackendsAnswerWasPassedOn) {
    OneClient one;
    test::Arrival arrival(one, get_of("/"));
    for (const ReasonInfo& row : kReasons) {
        arrival.outcome.reason = row.reason;
        EXPECT_EQ(arrival.outcome.is_good(), row.group == ReasonGroup::admitted) << row.name;
    }
}

}  // namespace
}  // namespace weir::downstream

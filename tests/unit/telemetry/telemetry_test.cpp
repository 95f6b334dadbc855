#include "telemetry/telemetry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "unit/telemetry/samples.hpp"

namespace weir::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Telemetry, ShowsEverySeriesAtZeroFromTheStart) {
    const Telemetry telemetry(1, sample_labels());
    const std::string text = telemetry.metrics({});
    for (const ReasonInfo& reason : kReasons) {
        if (!is_shed(reason.reason)) continue;
        for (const char* mode : {"enforce", "shadow"}) {
            EXPECT_THAT(text, HasSubstr("weir_shed_total{class=\"siri-bulk\",reason=\"" + std::string(reason.name) +
                                        "\",mode=\"" + mode + "\"} 0\n"));
        }
    }
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"direct\",outcome=\"backend_error\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("weir_responses_total{class=\"direct\",backend=\"large\",code=\"503\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("weir_time_to_first_token_seconds_bucket{class=\"direct\",le=\"1.5\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("weir_slo_valid_total{class=\"direct\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("weir_inflight_requests{class=\"direct\"} 0\n"));
}

TEST(Telemetry, HasNoSloSeriesForClassesWithoutAnObjective) {
    const Telemetry telemetry(1, sample_labels());
    EXPECT_THAT(telemetry.metrics({}), Not(HasSubstr("weir_slo_valid_total{class=\"siri-bulk\"}")));
}

TEST(Telemetry, CountsAShadowRefusalAsServedAndAsSpared) {
    Telemetry telemetry(1, sample_labels());
    Record record = served_record();
    record.shadow = true;
    record.shadow_reason = Reason::queue_full;
    telemetry.recorder(0).record(record);
    const std::string text = telemetry.metrics({});
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"direct\",outcome=\"served\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("weir_shed_total{class=\"direct\",reason=\"queue_full\",mode=\"shadow\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("weir_shed_total{class=\"direct\",reason=\"queue_full\",mode=\"enforce\"} 0\n"));
}

TEST(Telemetry, ForgetsTheCountsOfANameWhoseNumberWasReused) {
    Telemetry telemetry(2, sample_labels());
    telemetry.recorder(0).record(served_record());
    telemetry.recorder(1).record(served_record());
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total{class=\"direct\",outcome=\"served\"} 2\n"));
    Labels renamed = sample_labels();
    renamed.classes[index(served_record().cls)].name = "heir";
    telemetry.set_labels(renamed);
    const std::string text = telemetry.metrics({});
    EXPECT_THAT(text, Not(HasSubstr("\"direct\"")));
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"heir\",outcome=\"served\"} 0\n"));
    telemetry.recorder(1).record(served_record());
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total{class=\"heir\",outcome=\"served\"} 1\n"));
}

TEST(Telemetry, ForgetsTheAnswersOfABackendWhoseNumberWasReused) {
    Telemetry telemetry(1, sample_labels());
    telemetry.recorder(0).record(served_record());
    Labels renamed = sample_labels();
    renamed.backends[index(served_record().backend)].name = "heir";
    telemetry.set_labels(renamed);
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("backend=\"heir\",code=\"200\"} 0\n"));
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total{class=\"direct\",outcome=\"served\"} 1\n"));
}

TEST(Telemetry, CountsRequestsWithoutAClassUnderAnEmptyName) {
    Telemetry telemetry(1, sample_labels());
    Record record = served_record();
    record.cls = kNoClass;
    telemetry.recorder(0).record(record);
    record.cls = ClassId{17};  // no name yet
    telemetry.recorder(0).record(record);
    record.cls = ClassId{999};  // beyond the table
    telemetry.recorder(0).record(record);
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total{class=\"\",outcome=\"served\"} 3\n"));
}

TEST(Telemetry, KeepsTheCountersOfARemovedNameAndDropsItsGauges) {
    Telemetry telemetry(1, sample_labels());
    telemetry.recorder(0).record(shed_record());
    Labels labels = sample_labels();
    labels.classes[1].current = false;
    labels.endpoints[1].current = false;
    labels.classes.push_back({"new", std::nullopt, kLarge, true});
    telemetry.set_labels(labels);
    Record record = served_record();
    record.cls = ClassId{2};
    telemetry.recorder(0).record(record);
    const std::string text = telemetry.metrics({});
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"siri-bulk\",outcome=\"shed\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("weir_inflight_requests{class=\"siri-bulk\"}")));
    EXPECT_THAT(text, Not(HasSubstr("weir_backend_up{backend=\"large\",endpoint=\"http://10.0.0.2:8000\"}")));
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"new\",outcome=\"served\"} 1\n"));
}

TEST(Telemetry, BoundsTheNumberOfInventedStatuses) {
    Telemetry telemetry(1, sample_labels());
    Record record = served_record();
    for (int status = 100; status < 1000; ++status) {
        record.status = status;
        telemetry.recorder(0).record(record);
    }
    const std::string text = telemetry.metrics({});
    std::size_t series = 0;
    const std::string prefix = "weir_responses_total{class=\"direct\"";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) ++series;
    EXPECT_LE(series, 75u);
    EXPECT_THAT(text, HasSubstr("code=\"other\"} 836\n"));
}

TEST(Telemetry, StaysWithinItsBoundsWhenThereAreMoreNames) {
    Labels labels = sample_labels();
    labels.classes.resize(kMaxClasses + 10, {"", std::nullopt, kNoBackend, false});
    for (std::size_t i = 2; i < labels.classes.size(); ++i) labels.classes[i].name = "c" + std::to_string(i);
    Telemetry telemetry(1, labels);
    Record record = served_record();
    record.cls = ClassId{kMaxClasses};
    telemetry.recorder(0).record(record);
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total{class=\"\",outcome=\"served\"} 1\n"));
}

TEST(Telemetry, LogsWhatItCounts) {
    Telemetry telemetry(1, sample_labels());
    LoggingConfig config;
    config.access.to = "/dev/null";
    ASSERT_TRUE(telemetry.reconfigure(config).has_value());
    telemetry.recorder(0).record(served_record());
    telemetry.shutdown();
    EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_access_log_lines_total 1\n"));
}

// For the thread sanitizer, and to check the sums.
TEST(Telemetry, CanBeScrapedAndRelabelledWhileWorkersRecord) {
    constexpr std::size_t kWorkers = 2;
    constexpr int kRecords = 2000;
    Telemetry telemetry(kWorkers, sample_labels());
    LoggingConfig config;
    config.access.to = "/dev/null";
    ASSERT_TRUE(telemetry.reconfigure(config).has_value());
    std::atomic<std::size_t> working{kWorkers};
    std::vector<std::thread> threads;
    for (std::size_t worker = 0; worker < kWorkers; ++worker) {
        threads.emplace_back([&, worker] {
            Recorder& recorder = telemetry.recorder(worker);
            for (int i = 0; i < kRecords; ++i) {
                recorder.connection_opened(kPublic);
                recorder.record(i % 2 == 0 ? served_record() : shed_record());
                recorder.buffered(i % 2 == 0 ? 100 : -100);
                recorder.connection_closed(kPublic);
            }
            --working;
        });
    }
    for (std::uint16_t round = 0; working > 0; ++round) {
        Labels labels = sample_labels();
        labels.classes.push_back({"late", 2s, kLarge, true});
        labels.classes[0].first_token_slo = round % 2 == 0 ? 1500ms : 2s;
        labels.policy = round % 2 == 0 ? "aaaa" : "bbbb";
        telemetry.set_labels(labels);
        EXPECT_THAT(telemetry.metrics({}), HasSubstr("weir_requests_total"));
        telemetry.reopen_access_log();
    }
    for (std::thread& thread : threads) thread.join();
    const std::string text = telemetry.metrics({});
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"direct\",outcome=\"served\"} 2000\n"));
    EXPECT_THAT(text, HasSubstr("weir_requests_total{class=\"siri-bulk\",outcome=\"shed\"} 2000\n"));
    EXPECT_THAT(text, HasSubstr("weir_buffered_bytes 0\n"));
    EXPECT_THAT(text, HasSubstr("weir_connections{listener=\"public\"} 0\n"));
}

}  // namespace
}  // namespace weir::telemetry

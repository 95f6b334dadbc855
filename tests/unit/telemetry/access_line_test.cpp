#include "telemetry/access_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "unit/telemetry/samples.hpp"

namespace weir::telemetry {
namespace {

class AccessLineTest : public testing::Test {
protected:
    AccessLineTest() { names.update(sample_labels()); }

    boost::json::object parsed(const Record& record) {
        const std::string_view text = line.write(record, arrived);
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
        EXPECT_EQ(text.back(), '\n');
        return boost::json::parse(boost::json::string_view(text.data(), text.size())).as_object();
    }

    Names names;
    AccessLine line{names};
    std::chrono::system_clock::time_point arrived = kArrival;
};

TEST_F(AccessLineTest, StaysOneJsonLineWhateverAClientSends) {
    Record record = served_record();
    const std::string hostile("/v1/\n{\"decision\":\"admitted\"}\r\x1b[2J\x7f\xff\xc3\"\\\0x", 41);
    record.path = hostile;
    record.method = "GET\"\n";
    record.request_id = "\n\n";
    const boost::json::object fields = parsed(record);
    EXPECT_EQ(fields.at("method").as_string(), "GET\"\n");
    EXPECT_EQ(fields.at("reason").as_string(), "admitted");
    const std::string_view text = line.write(record, arrived);
    EXPECT_TRUE(
        std::none_of(text.begin(), text.end() - 1, [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
}

TEST_F(AccessLineTest, TruncatesVeryLongText) {
    Record record = served_record();
    const std::string path(100'000, 'a');
    record.path = path;
    EXPECT_EQ(parsed(record).at("path").as_string().size(), kLongestText);
}

TEST_F(AccessLineTest, ShowsWhatAShadowPolicyWouldHaveDone) {
    Record record = served_record();
    record.shadow = true;
    record.shadow_reason = Reason::client_rate;
    record.gate = "client_rate";
    record.limit = 20;
    record.observed = 20.5;
    const boost::json::object fields = parsed(record);
    EXPECT_EQ(fields.at("reason").as_string(), "admitted");
    EXPECT_EQ(fields.at("shadow").as_string(), "client_rate");
    EXPECT_EQ(fields.at("observed").as_double(), 20.5);
}

TEST_F(AccessLineTest, NamesTheRulesThatMadeAnAnswerCheaper) {
    Record record = served_record();
    record.degraded = "short-answers,small-model";
    EXPECT_EQ(parsed(record).at("degraded").as_string(), "short-answers,small-model");
}

TEST_F(AccessLineTest, LeavesOutKeysWithoutAValue) {
    Record record;
    record.reason = Reason::bad_request;
    record.status = 400;
    const boost::json::object fields = parsed(record);
    for (const char* key :
         {"class", "client", "gate", "limit", "shadow", "degraded", "ttft_ms", "overhead_us", "backend", "endpoint"}) {
        EXPECT_FALSE(fields.contains(key)) << key;
    }
}

TEST_F(AccessLineTest, WritesNoNumberThatJsonLacks) {
    Record record = shed_record();
    record.limit = std::numeric_limits<double>::infinity();
    record.observed = std::numeric_limits<double>::quiet_NaN();
    record.duration = -1s;
    const boost::json::object fields = parsed(record);
    EXPECT_FALSE(fields.contains("limit"));
    EXPECT_EQ(fields.at("duration_ms").as_double(), 0);
}

TEST_F(AccessLineTest, WritesEachSecondCorrectly) {
    const Record record = served_record();
    EXPECT_EQ(parsed(record).at("ts").as_string(), "2026-01-31T12:00:00.123Z");
    arrived += 999ms;
    EXPECT_EQ(parsed(record).at("ts").as_string(), "2026-01-31T12:00:01.122Z");
    arrived -= 1s;  // the wall clock may go back
    EXPECT_EQ(parsed(record).at("ts").as_string(), "2026-01-31T12:00:00.122Z");
}

TEST_F(AccessLineTest, NamesThePolicyInForce) {
    Labels labels = sample_labels();
    labels.policy = "77777777";
    names.update(labels);
    EXPECT_EQ(parsed(served_record()).at("policy").as_string(), "77777777");
}

}  // namespace
}  // namespace weir::telemetry

#include "downstream/exchange/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <chrono>

#include "http/head.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// A reply as a client reads it.
struct Read {
    explicit Read(const Reply& reply) : text(write_reply(reply)) {
        const auto result = http::parse_response(text, {}, reply.to_head, head);
        EXPECT_EQ(result.status, http::ParseStatus::complete) << text;
        body = text.substr(result.consumed);
    }
    [[nodiscard]] std::string field(std::string_view name) const {
        const http::Field* found = head.fields.find_single(name);
        return found == nullptr ? "none" : std::string(found->value);
    }

    std::string text;
    http::ResponseHead head;
    std::string body;
};

Reply queue_full() {
    return {
        .reason = Reason::queue_full, .detail = {}, .request_id = "id-1", .class_name = "bulk", .retry_after = 2400ms};
}

TEST(WriteReply, IsAWholeAnswer) {
    const Read read(queue_full());
    EXPECT_EQ(read.head.status, 503);
    EXPECT_EQ(read.head.reason, "Service Unavailable");
    EXPECT_EQ(read.field("content-type"), "application/problem+json");
    EXPECT_EQ(read.field("x-request-id"), "id-1");
    EXPECT_EQ(read.field("x-weir-decision"), "queue_full");
    EXPECT_EQ(read.field("x-weir-class"), "bulk");
    EXPECT_EQ(read.field("connection"), "close");
    EXPECT_EQ(read.head.content_length, read.body.size());
    EXPECT_TRUE(boost::json::parse(read.body).is_object());
    EXPECT_THAT(read.field("date"),
                testing::MatchesRegex("[A-Z][a-z][a-z], [0-9]+ [A-Z][a-z][a-z] [0-9]+ [0-9:]+ GMT"));
}

TEST(WriteReply, IsReadableForEveryReasonInEveryDialect) {
    for (const Dialect dialect : {Dialect::generic, Dialect::openai, Dialect::anthropic}) {
        for (const ReasonInfo& row : kReasons) {
            Reply reply = queue_full();
            reply.reason = row.reason;
            reply.dialect = dialect;
            const Read read(reply);
            EXPECT_EQ(read.head.status, status_of(row.reason, dialect)) << row.name;
            EXPECT_EQ(read.field("x-weir-decision"), row.name);
            EXPECT_EQ(read.head.content_length, read.body.size());
            EXPECT_TRUE(read.head.reason != "Error" || group(row.reason) == ReasonGroup::client) << row.name;
        }
    }
}

TEST(WriteReply, TellsHeadTheLengthAndSendsNoBody) {
    Reply reply = queue_full();
    const Read whole(reply);
    reply.to_head = true;
    const Read read(reply);
    EXPECT_EQ(read.body, "");
    EXPECT_EQ(read.head.content_length, whole.body.size());
}

TEST(WriteReply, RoundsSecondsUpAndKeepsMilliseconds) {
    const std::pair<Duration, std::pair<std::string, std::string>> rows[] = {
        {1ns, {"1", "1"}},         {1ms, {"1", "1"}},       {999ms, {"1", "999"}},   {1s, {"1", "1000"}},
        {1s + 1ns, {"2", "1001"}}, {1001ms, {"2", "1001"}}, {2400ms, {"3", "2400"}}, {50s, {"50", "50000"}}};
    for (const auto& [advice, written] : rows) {
        Reply reply = queue_full();
        reply.retry_after = advice;
        const Read read(reply);
        EXPECT_EQ(read.field("retry-after"), written.first) << advice.count();
        EXPECT_EQ(read.field("retry-after-ms"), written.second) << advice.count();
    }
}

TEST(WriteReply, LeavesOutWhatIsNotSaid) {
    Reply reply = queue_full();
    reply.retry_after = {};
    reply.class_name = {};
    reply.close = false;
    const Read read(reply);
    for (const auto* name : {"retry-after", "retry-after-ms", "x-weir-class", "connection", "x-should-retry"}) {
        EXPECT_EQ(read.field(name), "none") << name;
    }
    reply.tell_no_retry = true;
    EXPECT_EQ(Read(reply).field("x-should-retry"), "false");
}

TEST(WriteReply, LetsNoDetailBreakTheAnswer) {
    Reply reply = queue_full();
    reply.detail = "\r\nX-Injected: 1\r\n\r\n\xFF\"";
    const Read read(reply);
    EXPECT_EQ(read.field("x-injected"), "none");
    EXPECT_TRUE(boost::json::parse(read.body).is_object());
}

}  // namespace
}  // namespace weir::downstream

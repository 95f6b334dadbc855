// Requests that begin a job, or ask about one: whose the slot is once their answer has passed.

#include <gtest/gtest.h>

#include "support/answered_request.hpp"

namespace weir::downstream {
namespace {

using test::AnsweredRequest;
using Head = test::PreparedPrompt::Head;

constexpr std::string_view kVideos = "/v1/videos";
constexpr std::string_view kQueued = R"({"id":"video_1","object":"video","status":"queued"})";

struct Begun {
    std::string_view path;
    std::string_view body;
    std::string_view answer;
    int status;
    bool is_job;
};

TEST(SettlementOfAJob, HandsTheSlotToTheJobThatWasBegun) {
    constexpr std::string_view background = R"({"background":true})";
    for (const Begun& row : {
             Begun{kVideos, "{}", kQueued, 200, true},
             {kVideos, "{}", R"({"id":"video_1","status":"completed"})", 200, false},
             {kVideos, "{}", kQueued, 400, false},
             {kVideos, "{}", "<html>", 200, false},
             {"/v1/responses", background, R"({"id":"resp_1","object":"response","status":"queued"})", 200, true},
             {"/v1/responses", background, R"({"id":"resp_1","object":"response","status":"completed"})", 200, false},
         }) {
        AnsweredRequest request(row.path, row.body, Reading::job, row.answer, row.status);
        request.settlement.answer_is_in();
        EXPECT_EQ(request.jobs().running(), row.is_job ? 1U : 0U) << row.answer;
        EXPECT_EQ(request.inflight(), row.is_job ? 1U : 0U) << "the slot is the job's, or free";
        EXPECT_FALSE(request.slot.running());
    }
}

// A job that runs, and a request that asks about it.
AnsweredRequest asked(std::string_view method, std::string_view path, std::string_view answer, int status) {
    return {Head{std::string(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: a\r\n\r\n")}, "", Reading::job,
            answer, status};
}

struct Asked {
    std::string_view method;
    std::string_view path;
    int status;
    std::string_view answer;
    bool over;
};

TEST(SettlementOfAJob, LearnsThatOneIsOverFromAnswersThatPass) {
    constexpr std::string_view of_video = "/v1/videos/video_1";
    for (const Asked& row : {
             Asked{"GET", of_video, 200, kQueued, false},
             {"GET", of_video, 200, R"({"id":"video_1","status":"completed"})", true},
             {"GET", of_video, 200, R"({"id":"video_1","status":"failed"})", true},
             {"GET", of_video, 500, R"({"id":"video_1","status":"completed"})", false},
             {"GET", of_video, 404, "{}", true},
             {"DELETE", of_video, 200, "{}", true},
             {"DELETE", of_video, 500, "{}", false},
             {"GET", "/v1/videos/video_2", 404, "{}", false},
         }) {
        AnsweredRequest request = asked(row.method, row.path, row.answer, row.status);
        Ticket ticket(request.one.client.waker);
        request.judge().arrive(ticket, test::make_ask(0), request.one.client.turn());
        ASSERT_TRUE(request.jobs().begin(ticket, "video_1", TimePoint::max(), request.one.client.turn()));
        request.settlement.answer_is_in();
        EXPECT_EQ(request.jobs().running(), row.over ? 0U : 1U) << row.method << " " << row.status << row.answer;
        request.jobs().end("video_1", request.one.client.turn());
    }
}

TEST(SettlementOfAJob, KeepsTheSlotOfAStreamThatBrokeOffWhileItsResponseGoesOn) {
    constexpr std::string_view body = R"({"background":true,"stream":true})";
    const std::string created =
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\","
        "\"object\":\"response\",\"status\":\"queued\"}}\n\n";
    AnsweredRequest broken("/v1/responses", body, Reading::events, created);
    broken.settlement.broke_off(RelayEnd::client_gone);
    EXPECT_EQ(broken.jobs().running(), 1U);
    EXPECT_EQ(broken.inflight(), 1U);
    EXPECT_EQ(broken.jobs().endpoint_of("resp_1"), EndpointId{0});

    AnsweredRequest nameless("/v1/responses", body, Reading::events, "event: ping\ndata: {}\n\n");
    nameless.settlement.broke_off(RelayEnd::client_gone);
    EXPECT_EQ(nameless.jobs().running(), 0U);
    EXPECT_EQ(nameless.inflight(), 0U);
}

}  // namespace
}  // namespace weir::downstream

#include "ai/video.hpp"

#include <gtest/gtest.h>

#include "ai/form_scanner.hpp"
#include "ai/request_scanner.hpp"

namespace weir::ai {
namespace {

std::optional<std::uint32_t> price(std::string_view body) { return video_seconds(read_facts(Api::videos, body)); }

std::optional<std::uint32_t> price_of_form(std::string_view body) {
    FormScanner scanner(Api::videos, "multipart/form-data; boundary=b");
    scanner.push(body);
    return video_seconds(scanner.finish());
}

TEST(Video, IsPricedInSecondsOfTheUsualSize) {
    EXPECT_EQ(price(R"({"prompt":"p"})"), 4U);
    EXPECT_EQ(price(R"({"prompt":"p","seconds":"12"})"), 12U);
    EXPECT_EQ(price(R"({"prompt":"p","seconds":8,"size":"1280x720"})"), 8U);
    EXPECT_EQ(price(R"({"prompt":"p","seconds":"8","size":"1024x1792"})"), 16U);
    EXPECT_EQ(price(R"({"prompt":"p","seconds":"8","size":"64x64"})"), 8U) << "a smaller one is not cheaper";
    EXPECT_EQ(price(R"({"prompt":"p","seconds":"999999","size":"99999x99999"})"), 3600U);
    EXPECT_EQ(price(R"({"prompt":"p","seconds":null})"), 4U);
}

TEST(Video, HasOneReadingOfItsSecondsOrNone) {
    EXPECT_EQ(price(R"({"seconds":2e1})"), 20U);
    EXPECT_EQ(price(R"({"seconds":"\u0032\u0030"})"), 20U);
    for (const char* written : {"\" 20\"", "\"2e1\"", "\"+20\"", "\"020\"", "\"20s\"", "\"\"", "0", "-4", "4.5", "true",
                                "[20]", "\"many\"", "4294967296"}) {
        EXPECT_EQ(price(std::string(R"({"seconds":)") + written + "}"), std::nullopt) << written;
    }
    for (const char* size : {"x", "720", "720x", "720X1280", "0x10", "720x1280x2", "-1x5"}) {
        EXPECT_EQ(price(std::string(R"({"size":")") + size + "\"}"), std::nullopt) << size;
    }
}

TEST(Video, IsPricedTheSameInAForm) {
    EXPECT_EQ(price_of_form("--b\r\nContent-Disposition: form-data; name=\"seconds\"\r\n\r\n12\r\n--b\r\n"
                            "Content-Disposition: form-data; name=\"size\"\r\n\r\n1024x1792\r\n--b--\r\n"),
              24U);
    EXPECT_EQ(price_of_form("--b--\r\n"), 4U);
}

TEST(Job, MayBeAResponse) {
    EXPECT_EQ(response_id("/v1/responses/resp_1"), "resp_1");
    EXPECT_EQ(response_id("/v1/responses/resp_1/cancel"), "resp_1");
    EXPECT_EQ(response_id("/v1/responses"), "");
    EXPECT_EQ(response_id("/v1/responses/"), "");
    EXPECT_EQ(job_path("resp_1", true), "/v1/responses/resp_1");
    EXPECT_EQ(job_path("video_1", false), "/v1/videos/video_1");
    const auto job = read_streamed_job(
        "event: response.created\ndata: "
        "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"status\":\"queued\",\"x");
    EXPECT_FALSE(job) << "the object is cut, and may be incomplete";
    const auto whole = read_streamed_job("data: {\"response\":{\"id\":\"resp_1\",\"status\":\"queued\"}}\n\n");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->id, "resp_1");
    EXPECT_FALSE(whole->over);
}

TEST(Video, ReportsItsOwnSeconds) {
    EXPECT_EQ(read_video_job(R"({"id":"v","status":"completed","seconds":"8","size":"1024x1792"})")->seconds, 16U);
    EXPECT_EQ(read_video_job(R"({"id":"v","status":"completed","seconds":"many"})")->seconds, std::nullopt);
    EXPECT_EQ(read_video_job(R"({"id":"v","status":"queued","x":[)", false)->id, "v") << "its beginning is enough";
}

TEST(Video, HasItsPaths) {
    EXPECT_TRUE(is_video_path("/v1/videos"));
    EXPECT_TRUE(is_video_path("/v1/videos/video_1/content"));
    EXPECT_FALSE(is_video_path("/v1/videosx"));
    EXPECT_EQ(video_id("/v1/videos"), "");
    EXPECT_EQ(video_id("/v1/videos/video_1"), "video_1");
    EXPECT_EQ(video_id("/v1/videos/video_1/content"), "video_1");
}

TEST(Video, AnswersReportTheStateOfAJob) {
    const auto job = read_video_job(R"({"id":"video_1","object":"video","status":"in_progress","progress":3})");
    ASSERT_TRUE(job);
    EXPECT_EQ(job->id, "video_1");
    EXPECT_FALSE(job->over);
    EXPECT_FALSE(read_video_job(R"({"id":"v","status":"queued"})")->over);
    for (const char* status : {"completed", "failed", "cancelled", "expired"}) {
        EXPECT_TRUE(read_video_job(std::string(R"({"id":"v","status":")") + status + "\"}")->over);
    }
    EXPECT_FALSE(read_video_job(R"({"status":"queued"})"));
    EXPECT_FALSE(read_video_job(R"({"id":"v"})"));
    EXPECT_FALSE(read_video_job(R"({"id":"v","status":"queued")"));
    EXPECT_FALSE(read_video_job("[]"));
}

}  // namespace
}  // namespace weir::ai

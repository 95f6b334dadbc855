#include "lab/mock/videos.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace weir::mock {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint(1h);
constexpr std::string_view kBody = R"({"model":"sora-2","prompt":"a river","seconds":"4","size":"720x1280"})";

class VideosTest : public testing::Test {
protected:
    json::value create(std::string_view body = kBody) {
        return json::parse(videos.answer("POST", "/v1/videos", body, kNow).body);
    }
    Reply get(std::string_view id, std::string_view rest = {}, Duration later = 0s) {
        return videos.answer("GET", "/v1/videos/" + std::string(id) + std::string(rest), {}, kNow + later);
    }

    Videos videos{1, 1};
};

TEST_F(VideosTest, AJobIsQueuedThenInProgressThenCompleted) {
    const json::value job = create();
    EXPECT_EQ(job.at("object").as_string(), "video");
    EXPECT_EQ(job.at("status").as_string(), "queued");
    EXPECT_EQ(job.at("seconds").as_string(), "4");
    const std::string id(job.at("id").as_string());
    EXPECT_EQ(json::parse(get(id, "", 4s).body).at("status").as_string(), "in_progress");
    EXPECT_EQ(json::parse(get(id, "", 4s).body).at("progress").as_int64(), 50);
    EXPECT_EQ(get(id, "/content", 4s).status, 404);
    EXPECT_EQ(json::parse(get(id, "", 8s).body).at("status").as_string(), "completed");
    const Reply content = get(id, "/content", 8s);
    EXPECT_EQ(content.content_type, "video/mp4");
    EXPECT_EQ(content.body.size(), 4096U);
}

TEST_F(VideosTest, ALargerPictureTakesLonger) {
    const json::value job = create(R"({"prompt":"p","seconds":4,"size":"1440x1280"})");
    const std::string id(job.at("id").as_string());
    EXPECT_EQ(json::parse(get(id, "", 8s).body).at("progress").as_int64(), 50);
}

TEST_F(VideosTest, AFormIsAccepted) {
    const json::value job = create(
        "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhi\r\n--b\r\n"
        "Content-Disposition: form-data; name=\"seconds\"\r\n\r\n8\r\n--b--\r\n");
    EXPECT_EQ(job.at("seconds").as_string(), "8");
}

TEST_F(VideosTest, AJobIsGoneOnceDeleted) {
    const std::string id(create().at("id").as_string());
    const Reply gone = videos.answer("DELETE", "/v1/videos/" + id, {}, kNow);
    EXPECT_EQ(json::parse(gone.body).at("deleted").as_bool(), true);
    EXPECT_EQ(get(id).status, 404);
}

TEST_F(VideosTest, RefusesWhatItCannotMake) {
    EXPECT_EQ(videos.answer("POST", "/v1/videos", "{}", kNow).status, 400);
    EXPECT_EQ(videos.answer("POST", "/v1/videos", R"({"prompt":"p","seconds":"900"})", kNow).status, 400);
    EXPECT_EQ(videos.answer("POST", "/v1/videos", R"({"prompt":"p","size":"large"})", kNow).status, 400);
    EXPECT_EQ(videos.answer("PUT", "/v1/videos/" + std::string(create().at("id").as_string()), {}, kNow).status, 405);
    EXPECT_TRUE(Videos::owns("/v1/videos/x/content"));
    EXPECT_FALSE(Videos::owns("/v1/videosx"));
}

}  // namespace
}  // namespace weir::mock

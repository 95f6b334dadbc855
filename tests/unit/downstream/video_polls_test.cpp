#include "downstream/shared/video_polls.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

PollOutcome read(int status, std::string body, bool answers = true) {
    return read_poll({status, std::move(body)}, "video_1", answers);
}

TEST(VideoPolls, EndAJobWhenItsDescriptionSaysSo) {
    EXPECT_EQ(read(200, R"({"id":"video_1","status":"queued"})"), PollOutcome::running);
    EXPECT_EQ(read(200, R"({"id":"video_1","status":"in_progress"})"), PollOutcome::running);
    EXPECT_EQ(read(200, R"({"id":"video_1","status":"completed"})"), PollOutcome::over);
    EXPECT_EQ(read(200, R"({"id":"video_1","status":"failed"})"), PollOutcome::over);
}

TEST(VideoPolls, TakeAnythingElseForNoAnswer) {
    EXPECT_EQ(read(0, ""), PollOutcome::failed);
    EXPECT_EQ(read(200, ""), PollOutcome::failed);
    EXPECT_EQ(read(200, "<html>"), PollOutcome::failed);
    EXPECT_EQ(read(200, R"({"id":"video_2","status":"completed"})"), PollOutcome::failed) << "of another job";
    for (const int status : {301, 401, 403, 429, 500, 503}) {
        EXPECT_EQ(read(status, R"({"id":"video_1","status":"completed"})"), PollOutcome::failed) << status;
    }
}

TEST(VideoPolls, BelieveThatAJobIsGoneOnlyOfWhoHasDescribedOne) {
    EXPECT_EQ(read(404, "", true), PollOutcome::over);
    EXPECT_EQ(read(404, "", false), PollOutcome::failed);
}

TEST(VideoPolls, AskOnlyAboutNamesThatFitIntoAPath) {
    EXPECT_TRUE(can_poll("video_68d-Az.~9"));
    for (const char* id : {"", ".", "..", "a/b", "a b", "a?b", "a%2f", "a\r\nX: y", "\xC3\xA9"}) {
        EXPECT_FALSE(can_poll(id)) << id;
    }
}

}  // namespace
}  // namespace weir::downstream

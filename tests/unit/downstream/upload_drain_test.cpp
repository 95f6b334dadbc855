// What is left of a body whose request was refused is passed over, so that the next request can be found.

#include <gtest/gtest.h>

#include "support/played_upload.hpp"

namespace weir::downstream {
namespace {

using test::Fault;
using test::FaultPlan;
using test::PlayedUpload;
using test::UploadScript;

const std::vector<UploadScript>& scripts() {
    static const std::vector<UploadScript> all = {
        {test::post_to("/", "Content-Length: 12\r\n"), "Hello", {" wor", "ld."}, "Hello world."},
        {test::post_to("/", "Transfer-Encoding: chunked\r\n"), "5\r\nHel", {"lo\r\n0\r", "\n\r\n"}, "Hello"},
        {test::post_to("/", "Content-Length: 5\r\n"), "Hello", {}, "Hello"},
    };
    return all;
}

class DrainEveryStep : public testing::TestWithParam<std::tuple<std::size_t, std::size_t, bool>> {};

TEST_P(DrainEveryStep, EndsAtTheNextRequestOrSaysThatItDidNot) {
    const auto& [which, bite, with_pauses] = GetParam();
    const UploadScript& script = scripts()[which];
    for (const Fault fault : {Fault::reset, Fault::end, Fault::silence}) {
        if (fault == Fault::silence && with_pauses) continue;
        for (int step = 1; step < 50; ++step) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
            PlayedUpload play(script, FaultPlan{.fail_at = step, .fault = fault}, bite);
            const bool drained = play.drain(with_pauses);
            EXPECT_EQ(drained, !play.plan.reached);
            EXPECT_EQ(drained, play.upload->done());
            EXPECT_EQ(play.upload->body().size(), 0U) << "nothing of it is kept";
            EXPECT_EQ(play.one.state.buffered_bytes, 0);
            if (!drained) continue;
            EXPECT_EQ(play.untaken(), script.next);
            EXPECT_EQ(play.upload->reader().content_bytes(), script.content.size());
            break;
        }
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Drains, DrainEveryStep,
                         testing::Combine(testing::Range<std::size_t>(0, 3), testing::Values<std::size_t>(1, 3, 1000),
                                          testing::Bool()));

TEST(Drain, EndsWhereTheFramingIsBroken) {
    const UploadScript broken{test::post_to("/", "Transfer-Encoding: chunked\r\n"), "", {"x\r\n"}, ""};
    PlayedUpload play(broken, {}, 100);
    EXPECT_FALSE(play.drain(false));
}

TEST(Drain, EndsAtItsDeadlineThoughBytesKeepComing) {
    const UploadScript slow{test::post_to("/", "Content-Length: 1000\r\n"), "", {"a", "b", "c"}, ""};
    PlayedUpload play(slow, {}, 100);
    net::task<bool> task = play.upload->drain(play.one.client.turn());
    task.start();
    ASSERT_TRUE(task.done());
    EXPECT_FALSE(task.result());
}

}  // namespace
}  // namespace weir::downstream

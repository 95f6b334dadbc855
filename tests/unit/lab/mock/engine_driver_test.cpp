#include "lab/mock/engine_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace weir::mock {
namespace {

using testing::HasSubstr;

// A thousand engine seconds per second: an answer takes some milliseconds.
constexpr double kSpeed = 1000;

class EngineDriverTest : public testing::Test {
protected:
    static Ask an_ask(std::uint32_t tokens) {
        Ask ask;
        ask.prompt_tokens = 3;
        ask.output_tokens = tokens;
        return ask;
    }

    boost::asio::io_context io_{1};
    simulate::EngineConfig config_;
};

TEST_F(EngineDriverTest, GivesEveryTokenAndThenEnds) {
    EngineDriver driver(io_, config_, kSpeed);
    int calls = 0;
    Generation generation(driver, [&] { ++calls; });
    ASSERT_TRUE(generation.start(an_ask(20)));
    io_.run();  // an engine with nothing to do has no timer
    EXPECT_TRUE(generation.finished());
    EXPECT_EQ(generation.tokens(), 20U);
    EXPECT_EQ(calls, 21);
    EXPECT_EQ(driver.totals().generation_tokens, 20U);
    EXPECT_EQ(driver.totals().prompt_tokens, 3U);
    EXPECT_EQ(driver.totals().finished, 1U);
    EXPECT_EQ(driver.totals().cancelled, 0U);
    EXPECT_EQ(driver.totals().max_running, 1U);
    EXPECT_EQ(driver.totals().first_token_times.at_most(FirstTokenTimes::kEdges.size()), 1U);
}

TEST_F(EngineDriverTest, CancelsWhatIsDestroyedBeforeItsEnd) {
    EngineDriver driver(io_, config_, 1);
    {
        Generation generation(driver, [] {});
        ASSERT_TRUE(generation.start(an_ask(20)));
        EXPECT_THAT(driver.metrics("m"), HasSubstr("vllm:num_requests_running{model_name=\"m\"} 1\n"));
    }
    EXPECT_THAT(driver.metrics("m"), HasSubstr("vllm:num_requests_running{model_name=\"m\"} 0\n"));
    EXPECT_EQ(driver.totals().cancelled, 1U);
    EXPECT_EQ(driver.totals().finished, 0U);
}

TEST_F(EngineDriverTest, RefusesARequestThatCanNeverFit) {
    config_.kv_tokens = 100;
    EngineDriver driver(io_, config_, 1);
    Generation generation(driver, [] {});
    EXPECT_FALSE(generation.start(an_ask(98)));
    EXPECT_TRUE(generation.start(an_ask(97)));
}

TEST_F(EngineDriverTest, StandsStillOnceStopped) {
    EngineDriver driver(io_, config_, 1);
    Generation generation(driver, [] {});
    ASSERT_TRUE(generation.start(an_ask(1000)));
    driver.stop();
    io_.run();
    EXPECT_FALSE(generation.finished());
}

}  // namespace
}  // namespace weir::mock

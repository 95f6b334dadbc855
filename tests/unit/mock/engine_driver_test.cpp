#include "mock/engine_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/event_loop.hpp"

namespace weir::mock {
namespace {

using testing::HasSubstr;

// A thousand engine seconds in a second: an answer takes a tick of the timer wheel.
constexpr double kSpeed = 1000;

class EngineDriverTest : public testing::Test {
protected:
    // Counts its wakes, and ends the loop when what it waits for has ended.
    struct Watcher final : net::Wakeable {
        using Wakeable::Wakeable;
        void run() override {
            ++wakes;
            if (generation != nullptr && generation->finished()) loop().stop();
        }
        Generation* generation = nullptr;
        int wakes = 0;
    };

    static Ask an_ask(std::uint32_t tokens) {
        Ask ask;
        ask.prompt_tokens = 3;
        ask.output_tokens = tokens;
        return ask;
    }

    net::EventLoop loop_;
    simulate::EngineConfig config_;
};

TEST_F(EngineDriverTest, GivesEveryTokenAndThenEnds) {
    EngineDriver driver(loop_, config_, kSpeed);
    Watcher watcher(loop_);
    Generation generation(driver, watcher);
    watcher.generation = &generation;
    // Timers are driven at the end of a turn, so it must be within one.
    loop_.post([&] { EXPECT_TRUE(generation.start(an_ask(20))); });
    loop_.run();
    EXPECT_EQ(generation.tokens(), 20U);
    EXPECT_GE(watcher.wakes, 1);
    EXPECT_EQ(driver.totals().generation_tokens, 20U);
    EXPECT_EQ(driver.totals().prompt_tokens, 3U);
    EXPECT_EQ(driver.totals().finished, 1U);
    EXPECT_EQ(driver.totals().cancelled, 0U);
    EXPECT_EQ(driver.totals().max_running, 1U);
    EXPECT_EQ(driver.totals().first_token_times.at_most(FirstTokenTimes::kEdges.size()), 1U);
}

TEST_F(EngineDriverTest, CancelsWhatIsDestroyedBeforeItsEnd) {
    EngineDriver driver(loop_, config_, 1);
    Watcher watcher(loop_);
    {
        Generation generation(driver, watcher);
        ASSERT_TRUE(generation.start(an_ask(20)));
        EXPECT_THAT(driver.metrics("m"), HasSubstr("vllm:num_requests_running{model_name=\"m\"} 1\n"));
    }
    EXPECT_THAT(driver.metrics("m"), HasSubstr("vllm:num_requests_running{model_name=\"m\"} 0\n"));
    EXPECT_EQ(driver.totals().cancelled, 1U);
    EXPECT_EQ(driver.totals().finished, 0U);
}

TEST_F(EngineDriverTest, RefusesWhatCanNeverFit) {
    config_.kv_tokens = 100;
    EngineDriver driver(loop_, config_, 1);
    Watcher watcher(loop_);
    Generation generation(driver, watcher);
    EXPECT_FALSE(generation.start(an_ask(98)));
    EXPECT_TRUE(generation.start(an_ask(97)));
}

}  // namespace
}  // namespace weir::mock

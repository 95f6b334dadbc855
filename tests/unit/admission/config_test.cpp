#include "admission/config.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

TEST(ClassConfig, TheQueueTimeoutIsFourFifthsOfTheSlo) {
    ClassConfig config;
    EXPECT_EQ(effective_queue_timeout(config), 5s);
    config.slo = SloConfig{1500ms, 0.99};
    EXPECT_NEAR(seconds(effective_queue_timeout(config)), 1.2, 1e-6);
    config.queue_timeout = 0s;
    EXPECT_EQ(effective_queue_timeout(config), 0s);
}

TEST(ClassConfig, AQueueIsAnEighthOfTheBackendButNotTooShort) {
    ClassConfig config;
    EXPECT_EQ(effective_queue(config, 8), 16U);
    EXPECT_EQ(effective_queue(config, 512), 64U);
    config.queue = 0;
    EXPECT_EQ(effective_queue(config, 512), 0U);
}

}  // namespace
}  // namespace weir::admission

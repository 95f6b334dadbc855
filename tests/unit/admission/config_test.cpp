#include "admission/config.hpp"

#include <gtest/gtest.h>

namespace weir::admission {
namespace {

TEST(ClassConfig, PatienceIsFourFifthsOfTheSlo) {
    ClassConfig config;
    EXPECT_EQ(effective_patience(config), 5s);
    config.slo = SloConfig{1500ms, 0.99};
    EXPECT_NEAR(seconds(effective_patience(config)), 1.2, 1e-6);
    config.patience = 0s;
    EXPECT_EQ(effective_patience(config), 0s);
}

TEST(ClassConfig, ALineIsAnEighthOfTheBackendButNotTooShort) {
    ClassConfig config;
    EXPECT_EQ(effective_line(config, 8), 16U);
    EXPECT_EQ(effective_line(config, 512), 64U);
    config.line = 0;
    EXPECT_EQ(effective_line(config, 512), 0U);
}

}  // namespace
}  // namespace weir::admission

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

// The first numbers from this seed, as the authors' code produces them.
TEST(SplitMix64, IsTheGeneratorOfThePaper) {
    std::uint64_t state = 1234567;
    for (const std::uint64_t number : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                       4593380528125082431U, 16408922859458223821U}) {
        EXPECT_EQ(next_random(state), number);
    }
}

TEST(SplitMix64, IsAPureFunctionOfItsState) {
    std::uint64_t state = 7;
    EXPECT_EQ(mix(7), next_random(state));
    EXPECT_EQ(mix(state), next_random(state));
}

}  // namespace
}  // namespace weir

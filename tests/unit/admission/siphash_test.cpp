#include "admission/classify/siphash.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace weir::admission {
namespace {

TEST(SipHash, MatchesThePaper) {
    // Appendix A of the paper, and the first vectors of the reference implementation.
    const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    std::vector<std::uint8_t> bytes(15);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    EXPECT_EQ(siphash(key, bytes), 0xa129ca6149be45e5U);
    EXPECT_EQ(siphash(key, {}), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash(key, std::span(bytes).first(8)), 0x93f5f5799a932462U);
}

}  // namespace
}  // namespace weir::admission

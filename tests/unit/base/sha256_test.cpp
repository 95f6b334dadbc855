#include "base/sha256.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Sha256, MatchesTheStandardsExample) {
    // FIPS 180-4, example "abc".
    EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, HexGoesThereAndBack) {
    const Sha256 digest = sha256("secret");
    EXPECT_EQ(Sha256::from_hex(digest.hex()), digest);
    EXPECT_FALSE(Sha256::from_hex(digest.hex() + "0"));
    EXPECT_FALSE(Sha256::from_hex(std::string(64, 'g')));
    EXPECT_TRUE(equal_in_constant_time(digest, sha256("secret")));
    EXPECT_FALSE(equal_in_constant_time(digest, sha256("Secret")));
}

}  // namespace
}  // namespace weir

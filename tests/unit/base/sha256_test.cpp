#include "base/sha256.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Sha256, MatchesTheStandardsExample) {
    // FIPS 180-4, example "abc".
    EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, TakesMoreThanOneBlock) {
    // FIPS 180-4, the two-block example and the one of a million bytes.
    EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OneBitAnywhereMakesADifference) {
    const Sha256 digest = sha256("secret");
    for (std::size_t bit = 0; bit < 256; ++bit) {
        Sha256 other = digest;
        other.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(equal_in_constant_time(digest, other)) << bit;
    }
}

TEST(Sha256, HexRoundTrips) {
    const Sha256 digest = sha256("secret");
    EXPECT_EQ(Sha256::from_hex(digest.hex()), digest);
    EXPECT_FALSE(Sha256::from_hex(digest.hex() + "0"));
    EXPECT_FALSE(Sha256::from_hex(std::string(64, 'g')));
    EXPECT_TRUE(equal_in_constant_time(digest, sha256("secret")));
    EXPECT_FALSE(equal_in_constant_time(digest, sha256("Secret")));
}

}  // namespace
}  // namespace weir

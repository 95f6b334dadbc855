#include "downstream/shared/sticky_ids.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1000s};
constexpr EndpointId kFirst{1};
constexpr EndpointId kSecond{2};

TEST(StickyIds, AreRememberedFromTheLastRequestOn) {
    StickyIds ids({.ids = 10, .keep = 1min});
    ids.note("a", kFirst, kNow);
    EXPECT_EQ(ids.find("a", kNow + 59s), kFirst);
    EXPECT_EQ(ids.find("a", kNow + 118s), kFirst);
    EXPECT_EQ(ids.find("a", kNow + 178s), kNoEndpoint);
    EXPECT_EQ(ids.size(), 0U);
    EXPECT_EQ(ids.find("b", kNow), kNoEndpoint);
}

TEST(StickyIds, MakeRoomByTheOneLongestNotAskedFor) {
    StickyIds ids({.ids = 2, .keep = 1h});
    ids.note("a", kFirst, kNow);
    ids.note("b", kFirst, kNow);
    EXPECT_EQ(ids.find("a", kNow), kFirst);
    ids.note("c", kSecond, kNow);
    EXPECT_EQ(ids.find("b", kNow), kNoEndpoint);
    EXPECT_EQ(ids.find("a", kNow), kFirst);
    ids.reconfigure({.ids = 1, .keep = 1h});
    EXPECT_EQ(ids.size(), 1U);
}

TEST(StickyIds, FollowTheLastMakerAndForgetOneThatIsGone) {
    StickyIds ids({.ids = 10, .keep = 1h});
    ids.note("a", kFirst, kNow);
    ids.note("a", kSecond, kNow);
    ids.note("b", kFirst, kNow);
    EXPECT_EQ(ids.find("a", kNow), kSecond);
    ids.forget(kSecond);
    EXPECT_EQ(ids.find("a", kNow), kNoEndpoint);
    EXPECT_EQ(ids.find("b", kNow), kFirst);
}

}  // namespace
}  // namespace weir::downstream

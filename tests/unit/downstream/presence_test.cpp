#include "downstream/transfer/presence.hpp"

#include <gtest/gtest.h>

#include "support/test_bed.hpp"

namespace weir::downstream {
namespace {

using test::TestBed;

class PresenceTest : public testing::Test {
protected:
    bool gone() { return bed.presence.gone(Presence::kInterim); }
    TestBed bed;
};

TEST_F(PresenceTest, SendsNothingToAClientThatIsThere) {
    EXPECT_FALSE(gone());
    EXPECT_EQ(bed.client_end->written, "");
}

TEST_F(PresenceTest, KnowsAResetWithoutAsking) {
    bed.client_end->resets();
    EXPECT_TRUE(gone());
    EXPECT_EQ(bed.client_end->written, "");
}

TEST_F(PresenceTest, AsksOnceWhenTheClientHasEndedItsSending) {
    bed.client_end->ends();
    EXPECT_FALSE(gone());
    EXPECT_FALSE(gone());
    EXPECT_EQ(bed.client_end->written, Presence::kInterim);
}

TEST_F(PresenceTest, WaitsForAPlaceWhereItMayAsk) {
    bed.client_end->ends();
    EXPECT_FALSE(bed.presence.gone({}));
    EXPECT_EQ(bed.client_end->written, "");
    EXPECT_FALSE(gone());
    EXPECT_EQ(bed.client_end->written, Presence::kInterim);
}

TEST_F(PresenceTest, NeverAsksAClientThatKnowsNoInterimAnswers) {
    Presence old(bed.client, 0);
    bed.client_end->ends();
    EXPECT_FALSE(old.gone(Presence::kInterim));
    EXPECT_EQ(bed.client_end->written, "");
}

TEST_F(PresenceTest, TakesAClientForGoneThatTookHalfOfIt) {
    bed.client_end->write_bite = 3;
    bed.client_end->ends();
    EXPECT_TRUE(gone()) << "what is sent next would stand within the half";
}

TEST_F(PresenceTest, DoesNotTakeAClientForGoneThatReadsNothing) {
    bed.client_end->room = 0;
    bed.client_end->ends();
    EXPECT_FALSE(gone());
}

}  // namespace
}  // namespace weir::downstream

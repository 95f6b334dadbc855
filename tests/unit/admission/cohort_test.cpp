#include "admission/classify/cohort.hpp"

#include <gtest/gtest.h>

#include <set>

#include "admission/law.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kWall{1'790'000'000};

TEST(Cohort, StaysTheSameForAnHourAndThenChanges) {
    int changes = 0;
    constexpr int kClients = 200;
    for (ClientKey client = 1; client <= kClients; ++client) {
        std::set<std::uint16_t> seen;
        int own_changes = 0;
        for (auto minute = 0min; minute < 2h; minute += 1min) {
            const auto cohort = cohort_of(client, kWall + minute);
            if (minute > 0min && cohort != cohort_of(client, kWall + minute - 1min)) ++own_changes;
            seen.insert(cohort);
        }
        EXPECT_LE(own_changes, 2);
        changes += own_changes;
    }
    EXPECT_GT(changes, kClients * 3 / 2);
}

TEST(Cohort, ChangesAtAnOffsetOfTheClientsOwn) {
    int changed = 0;
    for (ClientKey client = 1; client <= 600; ++client) {
        changed += cohort_of(client, kWall) != cohort_of(client, kWall + 1min) ? 1 : 0;
    }
    EXPECT_GT(changed, 1);
    EXPECT_LT(changed, 30);  // one in sixty
}

TEST(Cohort, SpreadsClientsEvenly) {
    constexpr std::uint32_t kClients = 64 * law::kCohorts;
    std::vector<std::uint32_t> sizes(law::kCohorts);
    for (ClientKey client = 0; client < kClients; ++client) ++sizes[cohort_of(client, kWall)];
    EXPECT_GT(*std::min_element(sizes.begin(), sizes.end()), 24U);
    EXPECT_LT(*std::max_element(sizes.begin(), sizes.end()), 110U);
}

TEST(Cohort, DependsOnlyOnClientAndHour) {
    // These values are fixed: two processes or two versions of Weir compute the same cohorts.
    EXPECT_EQ(cohort_of(0x0123'4567'89AB'CDEF, kWall), 3663);
}

}  // namespace
}  // namespace weir::admission

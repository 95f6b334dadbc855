#include "base/reason.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

namespace weir {
namespace {

TEST(Reason, TableIsTotalAndInEnumOrder) {
    for (std::size_t i = 0; i < kReasonCount; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(kReasons[i].reason), i) << kReasons[i].name;
    }
}

TEST(Reason, NamesAreDistinctLabels) {
    std::set<std::string_view> seen;
    for (const auto& row : kReasons) {
        EXPECT_TRUE(seen.insert(row.name).second) << row.name;
        for (const char c : row.name) EXPECT_TRUE(std::islower(static_cast<unsigned char>(c)) || c == '_') << row.name;
        EXPECT_FALSE(row.text.empty());
        EXPECT_FALSE(row.text.ends_with('.')) << row.text;
    }
}

TEST(Reason, OnlyLimitsAndOverloadAreShed) {
    EXPECT_TRUE(is_shed(Reason::client_rate));
    EXPECT_TRUE(is_shed(Reason::queue_timeout));
    EXPECT_FALSE(is_shed(Reason::admitted_after_wait));
    EXPECT_FALSE(is_shed(Reason::backend_timeout));
    EXPECT_FALSE(is_shed(Reason::bad_request));
}

}  // namespace
}  // namespace weir

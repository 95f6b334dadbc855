#include "app/names.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

TEST(NameTable, GivesANameTheSameNumberForEver) {
    NameTable<ClassId> table(3);
    EXPECT_EQ(table.id_of("a"), ClassId{0});
    EXPECT_EQ(table.id_of("b"), ClassId{1});
    EXPECT_EQ(table.id_of("a"), ClassId{0});
    EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
}

TEST(NameTable, RefusesNewNamesAtItsBoundAndKnowsTheOldOnes) {
    NameTable<ClassId> table(2);
    EXPECT_EQ(table.id_of("a"), ClassId{0});
    EXPECT_EQ(table.id_of("b"), ClassId{1});
    EXPECT_EQ(table.id_of("c"), std::nullopt);
    EXPECT_EQ(table.id_of("b"), ClassId{1});
    EXPECT_EQ(table.names().size(), 2U);
}

TEST(Names, NeverReachTheNumbersThatStandForNone) {
    Names names;
    for (int i = 0; i < 2000; ++i) {
        const std::string name = std::to_string(i);
        EXPECT_EQ(names.listeners.id_of(name).has_value(), i < 64);
        EXPECT_EQ(names.classes.id_of(name).has_value(), i < 256);
        EXPECT_EQ(names.backends.id_of(name).has_value(), i < 64);
        EXPECT_EQ(names.endpoints.id_of(name).has_value(), i < 1024);
    }
}

}  // namespace
}  // namespace weir::app

#include "numbering/names.hpp"

#include <gtest/gtest.h>

namespace weir::numbering {
namespace {

TEST(NameTable, GivesANameTheSameNumberAgain) {
    NameTable<ClassId> table(3);
    Uses uses;
    EXPECT_EQ(table.id_of("a", uses), ClassId{0});
    EXPECT_EQ(table.id_of("b", uses), ClassId{1});
    EXPECT_EQ(table.id_of("a", uses), ClassId{0});
    EXPECT_EQ(table.names(), (std::vector<std::string>{"a", "b"}));
}

TEST(NameTable, RefusesNewNamesWhileAllNumbersAreInUseAndKnowsTheOldOnes) {
    NameTable<ClassId> table(2);
    Uses uses;
    EXPECT_EQ(table.id_of("a", uses), ClassId{0});
    EXPECT_EQ(table.id_of("b", uses), ClassId{1});
    EXPECT_EQ(table.id_of("c", uses), std::nullopt);
    EXPECT_EQ(table.id_of("b", uses), ClassId{1});
    EXPECT_EQ(table.in_use(), 2U);
    EXPECT_TRUE(table.take_renamed().empty());
}

TEST(NameTable, ReusesTheNumberOfAnUnusedNameForANewOne) {
    NameTable<ClassId> table(2);
    Uses stays;
    EXPECT_EQ(table.id_of("stays", stays), ClassId{0});
    for (int i = 0; i < 100; ++i) {
        Uses goes;
        EXPECT_EQ(table.id_of(std::to_string(i), goes), ClassId{1});
        EXPECT_EQ(table.id_of("too many", goes), std::nullopt);
    }
    EXPECT_EQ(table.names(), (std::vector<std::string>{"stays", "99"}));
    EXPECT_EQ(table.in_use(), 1U);
    EXPECT_EQ(table.take_renamed().size(), 99U);
    EXPECT_TRUE(table.take_renamed().empty());
}

TEST(NameTable, KeepsTheNumberOfANameThatComesBack) {
    NameTable<ClassId> table(8);
    {
        Uses uses;
        EXPECT_EQ(table.id_of("a", uses), ClassId{0});
    }
    Uses uses;
    EXPECT_EQ(table.id_of("b", uses), ClassId{1});
    EXPECT_EQ(table.id_of("a", uses), ClassId{0});
}

TEST(NameTable, KeepsANumberThatIsHeldWithoutItsName) {
    NameTable<ClassId> table(1);
    Uses held;
    {
        Uses uses;
        EXPECT_EQ(table.id_of("a", uses), ClassId{0});
        table.hold(ClassId{0}, held);
    }
    Uses uses;
    EXPECT_EQ(table.id_of("b", uses), std::nullopt);
    held.clear();
    EXPECT_EQ(table.id_of("b", uses), ClassId{0});
}

TEST(Names, NeverReachTheNumbersThatMeanNone) {
    Names names;
    Uses uses;
    for (int i = 0; i < 5000; ++i) {
        const std::string name = std::to_string(i);
        EXPECT_EQ(names.listeners.id_of(name, uses).has_value(), i < 64);
        EXPECT_EQ(names.classes.id_of(name, uses).has_value(), i < 512);
        EXPECT_EQ(names.backends.id_of(name, uses).has_value(), i < 128);
        EXPECT_EQ(names.endpoints.id_of(name, uses).has_value(), i < 4096);
    }
}

}  // namespace
}  // namespace weir::numbering

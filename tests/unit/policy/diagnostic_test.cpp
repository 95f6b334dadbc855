#include "policy/diagnostic.hpp"

#include <gtest/gtest.h>

#include <array>

#include "policy/forms/suggest.hpp"

namespace weir::policy {
namespace {

const Diagnostics kOne{{Severity::error, Mark{"a,b.yaml", 2, 3}, "unknown-key", "unknown key 'x'", "y", "50% off"}};

TEST(Diagnostic, TextPointsAtThePlaceAfterTabsAndUmlauts) {
    const Sources sources{{"a,b.yaml", "first\n\t\xC3\xBCx: 1\r\n"}};
    Diagnostics diagnostics = kOne;
    diagnostics[0].mark.column = 4;
    EXPECT_EQ(to_text(diagnostics, sources),
              "a,b.yaml:2:4: error: unknown key 'x'; did you mean 'y'? [unknown-key]\n"
              "    2 | \t\xC3\xBCx: 1\n"
              "      | \t ^\n"
              "      = help: 50% off\n");
}

TEST(Diagnostic, TextWorksWithoutTheSource) {
    EXPECT_EQ(to_text({{Severity::warning, Mark{"f", 9, 1}, "id", "text", "", ""}}, {{"f", "one line"}}),
              "f:9:1: warning: text [id]\n");
}

TEST(Diagnostic, JsonIsOneObjectPerLine) {
    EXPECT_EQ(
        to_json_lines(kOne),
        R"({"severity":"error","file":"a,b.yaml","line":2,"column":3,"id":"unknown-key","message":"unknown key 'x'",)"
        R"("suggestion":"y","help":"50% off"})"
        "\n");
}

TEST(Diagnostic, GithubCommandsAreEscaped) {
    EXPECT_EQ(
        to_github(kOne),
        "::error file=a%2Cb.yaml,line=2,col=3,title=unknown-key::unknown key 'x'; did you mean 'y'?%0A50%25 off\n");
}

TEST(Diagnostic, TheFirstFileComesFirst) {
    Diagnostics diagnostics{{Severity::error, Mark{"keys", 1, 1}, "c", "", "", ""},
                            {Severity::error, Mark{"policy", 7, 2}, "b", "", "", ""},
                            {Severity::error, Mark{"policy", 7, 1}, "a", "", "", ""}};
    sort_by_place(diagnostics, "policy");
    EXPECT_EQ(diagnostics[0].id + diagnostics[1].id + diagnostics[2].id, "abc");
}

TEST(Suggest, CountsASwapAsOneEdit) {
    EXPECT_EQ(edit_distance("proirity", "priority"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("same", "same"), 0U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggest, OnlySuggestsSimilarWords) {
    constexpr std::array<std::string_view, 3> kWords{"priority", "queue_timeout", "queue"};
    EXPECT_EQ(closest("Proirity", kWords), "priority");
    EXPECT_EQ(closest("queues", kWords), "queue");
    EXPECT_EQ(closest("banana", kWords), "");
    EXPECT_EQ(closest("x", kWords), "");
}

}  // namespace
}  // namespace weir::policy

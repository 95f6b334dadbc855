#include "http/head_edits.hpp"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

constexpr std::string_view kBefore = "POST /v1/chat/completions HTTP/1.1\r\nHost: ";
constexpr std::string_view kAfter = "\r\nAuthorization: Bearer client\r\nX-Debug: 1\r\nContent-Length: 2\r\n\r\n";

TEST(HeadEdits, WithoutAnyLeaveAHeadAsItIs) {
    const HeadEdits edits;
    EXPECT_TRUE(edits.empty());
    EXPECT_EQ(edits.apply(kBefore, "model:8000", kAfter, ""),
              std::string(kBefore) + "model:8000" + std::string(kAfter));
}

TEST(HeadEdits, SetAFieldInPlaceOfEveryOneOfItsName) {
    HeadEdits edits;
    edits.set_field("authorization", "Bearer ours");
    EXPECT_EQ(edits.apply("GET /a HTTP/1.1\r\nHost: ", "b",
                          "\r\nAUTHORIZATION: one\r\nAccept: x\r\nauthorization: two\r\n\r\n", ""),
              "GET /a HTTP/1.1\r\nHost: b\r\nAccept: x\r\nauthorization: Bearer ours\r\n\r\n");
}

TEST(HeadEdits, SendAFieldThatIsSetTwiceOnceAsItWasSetLast) {
    HeadEdits edits;
    edits.set_field("x-team", "first");
    edits.set_field("x-teams", "other");
    edits.set_field("x-team", "second");
    edits.set_field("X-Team", "third");
    EXPECT_EQ(edits.fields(), "x-teams: other\r\nX-Team: third\r\n");
}

TEST(HeadEdits, RemoveOnlyFieldsOfThatWholeName) {
    HeadEdits edits;
    edits.remove_field("x-debug");
    EXPECT_EQ(edits.apply("GET /a HTTP/1.1\r\nHost: ", "b", "\r\nX-Debug: 1\r\nX-Debugger: 2\r\nX-Deb: 3\r\n\r\n", ""),
              "GET /a HTTP/1.1\r\nHost: b\r\nX-Debugger: 2\r\nX-Deb: 3\r\n\r\n");
}

struct TargetRow {
    std::string_view target;
    std::string_view edited;
};

class QueryEdits : public testing::TestWithParam<TargetRow> {};

TEST_P(QueryEdits, SetMembersInPlaceOfTheClients) {
    HeadEdits edits;
    edits.set_query("api-version", "2026-01-01");
    EXPECT_EQ(edits.target("/openai/deployments/x", GetParam().target), GetParam().edited);
}

INSTANTIATE_TEST_SUITE_P(
    All, QueryEdits,
    testing::Values(TargetRow{"/a", "/openai/deployments/x/a?api-version=2026-01-01"},
                    TargetRow{"/a?", "/openai/deployments/x/a?api-version=2026-01-01"},
                    TargetRow{"/a?b=1&c", "/openai/deployments/x/a?b=1&c&api-version=2026-01-01"},
                    TargetRow{"/a?api-version=1&b=2", "/openai/deployments/x/a?b=2&api-version=2026-01-01"},
                    TargetRow{"/a?api%2Dversion=1", "/openai/deployments/x/a?api-version=2026-01-01"},
                    TargetRow{"/a?%61pi-version", "/openai/deployments/x/a?api-version=2026-01-01"},
                    TargetRow{
                        "/a?api-versions=1&xapi-version=2&api-versio%6",
                        "/openai/deployments/x/a?api-versions=1&xapi-version=2&api-versio%6&api-version=2026-01-01"},
                    TargetRow{"*", "*"}));

TEST(HeadEdits, RemoveMembersOfTheQuery) {
    HeadEdits edits;
    edits.remove_query("key");
    edits.remove_query("token");
    edits.set_query("key", "ours");
    EXPECT_EQ(edits.target("", "/a?key=theirs&b=1&%6Bey&token=x&keys=2"), "/a?b=1&keys=2&key=ours");
    EXPECT_EQ(edits.target("", "/a?KEY=theirs&%4bey=theirs&b=1"), "/a?b=1&key=ours") << "some servers ignore case";
    HeadEdits removal;
    removal.remove_query("key");
    EXPECT_FALSE(removal.empty());
    EXPECT_EQ(removal.target("", "/a?key=1"), "/a");
}

TEST(HeadEdits, PutAPrefixBeforeThePathAlone) {
    const HeadEdits edits;
    EXPECT_EQ(edits.target("/v2", "/a?x=/b"), "/v2/a?x=/b");
    EXPECT_EQ(edits.target("/llm/large", "/v1/chat/completions"), "/llm/large/v1/chat/completions");
    EXPECT_EQ(edits.apply("GET / HTTP/1.1\r\nHost: ", "b", "\r\n\r\n", "/v2"), "GET /v2/ HTTP/1.1\r\nHost: b\r\n\r\n");
}

TEST(HeadEdits, PutABaseUrlInPlaceOfTheVersion) {
    const HeadEdits edits;
    EXPECT_EQ(edits.target("/v1", "/v1/models"), "/v1/models");
    EXPECT_EQ(edits.target("/api/paas/v4", "/v1/chat/completions?a=/v1"), "/api/paas/v4/chat/completions?a=/v1");
    EXPECT_EQ(edits.target("/v1beta", "/v1beta/models/x"), "/v1beta/models/x");
    EXPECT_EQ(edits.target("/openai/deployments/x", "/v1/chat/completions"), "/openai/deployments/x/chat/completions");
    EXPECT_EQ(edits.target("/openai/deployments/x", "/chat/completions"), "/openai/deployments/x/chat/completions");
    // Nothing would be left, or the first segment is no version.
    for (const std::string path : {"/v1", "/version/a", "/v/a", "/v1-2/a", "/models/v1/a"}) {
        EXPECT_EQ(edits.target("/v1", path), "/v1" + path);
    }
}

}  // namespace
}  // namespace weir::http

#include "http/query.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::http {
namespace {

std::string renamed(std::string_view target) {
    const std::vector<std::pair<std::string, std::string>> names{{"large", "up 1"}, {"a b/c", "m"}};
    std::string head = "GET " + std::string(target) + " HTTP/1.1\r\nX: /?model=large HTTP/1.1\r\n\r\n";
    rename_in_query("model", names, head);
    return head.substr(4, head.find(" HTTP") - 4);
}

TEST(RenameInQuery, ChangesTheValueOfThatMemberAlone) {
    EXPECT_EQ(renamed("/v1/realtime?model=large"), "/v1/realtime?model=up%201");
    EXPECT_EQ(renamed("/a?x=large&model=large&y=1"), "/a?x=large&model=up%201&y=1");
    EXPECT_EQ(renamed("/a?model=large&model=large"), "/a?model=up%201&model=up%201");
    EXPECT_EQ(renamed("/a?%6Dodel=l%61rge"), "/a?%6Dodel=up%201");
    EXPECT_EQ(renamed("/a?model=a+b%2Fc"), "/a?model=m");
    for (const char* target : {"/model=large", "/a?", "/a?model", "/a?model=", "/a?model=Large", "/a?models=large",
                               "/a?model=larg%6", "/a?&&model=larger&"}) {
        EXPECT_EQ(renamed(target), target);
    }
}

}  // namespace
}  // namespace weir::http

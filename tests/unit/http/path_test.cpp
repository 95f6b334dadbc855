#include "http/path.hpp"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

std::string normal(std::string_view target) {
    std::string buffer;
    const std::string_view fault = normalize_target(target, buffer);
    return fault.empty() ? std::string(target) : "refused";
}

TEST(Path, HasOneForm) {
    EXPECT_EQ(normal("/v1/chat/completions"), "/v1/chat/completions");
    EXPECT_EQ(normal("/v1/embedding%73"), "/v1/embeddings");
    EXPECT_EQ(normal("/v1/chat/complet%69ons?x=%69"), "/v1/chat/completions?x=%69") << "the query stays unchanged";
    EXPECT_EQ(normal("/%7Euser/%e4%bd%a0"), "/~user/%E4%BD%A0");
    EXPECT_EQ(normal("/a%2573"), "/a%2573") << "once, not twice";
    EXPECT_EQ(normal("/models/x:generateContent"), "/models/x:generateContent");
    EXPECT_EQ(normal("/v1/.well-known/x..y"), "/v1/.well-known/x..y");
    EXPECT_EQ(normal("/v1/x/"), "/v1/x/");
    EXPECT_EQ(normal("/v1/x;y"), "/v1/x;y");
    EXPECT_EQ(normal("/v1/x%3by"), "/v1/x%3By");
    EXPECT_EQ(normal("/"), "/");
    EXPECT_EQ(normal("/?a=//../;%2f"), "/?a=//../;%2f");
    EXPECT_EQ(normal("*"), "*");
}

TEST(Path, IsRefusedWhereServersInterpretItDifferently) {
    for (const char* target :
         {"//v1/x",       "/v1//x",    "/v1/x//",    "/v1/./x",  "/v1/a/../x", "/..",     "/.",       "/v1/x/.",
          "/v1/%2e%2e/x", "/v1/%2E/x", "/v1/.%2e/x", "/v1%2fx",  "/v1%2Fx",    "/v1%5cx", "/v1/x%00", "/v1/x%0a",
          "/v1/x%7f",     "/v1/x%",    "/v1/x%4",    "/v1/x%zz", "/v1%c0%afx", "/v1/%ff"}) {
        EXPECT_EQ(normal(target), "refused") << target;
    }
}

TEST(Path, IsRefusedWhenItIsLongAndNeedsDecoding) {
    const std::string plain(kLongestOddPath, 'a');
    EXPECT_EQ(normal("/" + plain), "/" + plain);
    EXPECT_EQ(normal("/" + plain + "?%61;"), "/" + plain + "?%61;");
    EXPECT_EQ(normal("/" + plain + "%61"), "refused");
    EXPECT_EQ(normal("/" + plain + ";b"), "refused");
    EXPECT_EQ(normal("/" + plain.substr(8) + "%61"), "/" + plain.substr(8) + "a");
}

TEST(Path, IsComparedWithoutWhatServersIgnore) {
    const auto compared = [](std::string_view path) {
        std::string buffer;
        return std::string(compared_path(path, buffer));
    };
    EXPECT_EQ(compared("/v1/x/"), "/v1/x");
    EXPECT_EQ(compared("/"), "/");
    EXPECT_EQ(compared("/v1;a=b/x;c"), "/v1/x");
    EXPECT_EQ(compared("/v1/x%3Bc"), "/v1/x");
    EXPECT_EQ(compared("/v1/x"), "/v1/x");
}

}  // namespace
}  // namespace weir::http

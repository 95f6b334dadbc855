#include "ai/dialect.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

TEST(DialectOf, KnowsThePathsOfBothApis) {
    for (const auto* path : {"/v1/messages", "/v1/messages/count_tokens", "/v1/messages/"}) {
        EXPECT_EQ(dialect_of(path, Dialect::openai), Dialect::anthropic) << path;
    }
    for (const auto* path : {"/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/responses/abc",
                             "/v1/embeddings", "/v1/models", "/v1/models/x"}) {
        EXPECT_EQ(dialect_of(path, Dialect::anthropic), Dialect::openai) << path;
    }
}

TEST(DialectOf, LeavesEveryOtherPathToTheBackend) {
    for (const auto* path :
         {"/", "", "*", "/v1", "/v1/messagesx", "/v1/chat", "/V1/messages", "/x/v1/messages", "/v1/modelsx"}) {
        for (const Dialect fallback : {Dialect::generic, Dialect::openai, Dialect::anthropic}) {
            EXPECT_EQ(dialect_of(path, fallback), fallback) << path;
        }
    }
}

}  // namespace
}  // namespace weir::ai

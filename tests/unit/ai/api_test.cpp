#include "ai/api.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

TEST(Api, IsKnownByItsExactPath) {
    EXPECT_EQ(api_of("/v1/chat/completions", Dialect::generic), Api::chat);
    EXPECT_EQ(api_of("/v1/completions", Dialect::openai), Api::completions);
    EXPECT_EQ(api_of("/v1/responses", Dialect::openai), Api::responses);
    EXPECT_EQ(api_of("/v1/embeddings", Dialect::openai), Api::embeddings);
    EXPECT_EQ(api_of("/v1/videos", Dialect::openai), Api::videos);
    EXPECT_EQ(api_of("/v1/messages", Dialect::openai), Api::messages);
    EXPECT_EQ(api_of("/v1/messages/count_tokens", Dialect::anthropic), Api::count_tokens);
}

TEST(Api, IsKnownWithoutAVersionToo) {
    EXPECT_EQ(api_of("/chat/completions", Dialect::generic), Api::chat);
    EXPECT_EQ(api_of("/responses", Dialect::openai), Api::responses);
}

TEST(Api, FollowsTheBackendOnAnyOtherPath) {
    EXPECT_EQ(api_of("/v1/chat/completions/x", Dialect::openai), Api::other);
    EXPECT_EQ(api_of("/v1/images/generations", Dialect::anthropic), Api::other);
    EXPECT_EQ(api_of("/v1/images/generations", Dialect::generic), Api::generic);
    EXPECT_FALSE(is_known(Api::other));
    EXPECT_FALSE(is_known(Api::generic));
    EXPECT_TRUE(is_known(Api::chat));
}

}  // namespace
}  // namespace weir::ai

#include "lab/mock/reply.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace weir::mock {
namespace {

namespace json = boost::json;

TEST(Reply, WordsErrorsAsOpenAiDoes) {
    const Reply reply = error_reply(Dialect::openai, 400, {"a \"b\"", "model", "invalid_type"});
    const json::value error = json::parse(reply.body).at("error");
    EXPECT_EQ(error.at("message").as_string(), "a \"b\"");
    EXPECT_EQ(error.at("type").as_string(), "invalid_request_error");
    EXPECT_EQ(error.at("param").as_string(), "model");
    EXPECT_EQ(error.at("code").as_string(), "invalid_type");
    EXPECT_TRUE(json::parse(error_reply(Dialect::openai, 404, {"x", {}}).body).at("error").at("param").is_null());
}

TEST(Reply, WordsErrorsAsAnthropicDoes) {
    const json::value body = json::parse(error_reply(Dialect::anthropic, 404, {"x", {}}).body);
    EXPECT_EQ(body.at("type").as_string(), "error");
    EXPECT_EQ(body.at("error").at("type").as_string(), "not_found_error");
}

}  // namespace
}  // namespace weir::mock

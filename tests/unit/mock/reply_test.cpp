#include "mock/reply.hpp"

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

TEST(Reply, SaysHowLongItIsAndWhetherItIsTheLast) {
    const Reply reply{200, "text/plain", "hello"};
    EXPECT_EQ(write_reply(reply, true, false),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(write_reply(reply, false, true),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST(Reply, NamesTheMethodsThatAreAllowed) {
    const Reply reply{405, "text/plain", {}, "POST"};
    EXPECT_NE(write_reply(reply, true, false).find("\r\nAllow: POST\r\n"), std::string::npos);
}

}  // namespace
}  // namespace weir::mock

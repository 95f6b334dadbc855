#include "ai/prefix_key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir::ai {
namespace {

std::uint64_t key_of(std::string_view body, std::size_t piece = 1'000'000) {
    PrefixKey key;
    while (!body.empty()) {
        key.push(body.substr(0, piece));
        body.remove_prefix(std::min(piece, body.size()));
    }
    return key.value();
}

std::string chat(std::string_view messages) { return R"({"model":"m","messages":[)" + std::string(messages) + "]}"; }

TEST(PrefixKey, StaysTheSameAsAConversationGrows) {
    const std::string begin = R"({"role":"system","content":"be brief"},{"role":"user","content":"hi"})";
    const std::string grown = begin + R"(,{"role":"assistant","content":"hello"},{"role":"user","content":"more"})";
    EXPECT_NE(key_of(chat(begin)), 0U);
    EXPECT_EQ(key_of(chat(begin)), key_of(chat(grown)));
}

TEST(PrefixKey, DiffersByTheFirstTurnAndBySystemPrompt) {
    const std::vector<std::string> bodies{
        chat(R"({"role":"system","content":"a"},{"role":"user","content":"hi"})"),
        chat(R"({"role":"system","content":"a"},{"role":"user","content":"ho"})"),
        chat(R"({"role":"system","content":"b"},{"role":"user","content":"hi"})"),
        chat(R"({"role":"user","content":"hi"})"),
        R"({"system":"a","messages":[{"role":"user","content":"hi"}]})",
        R"({"system":"b","messages":[{"role":"user","content":"hi"}]})",
        R"({"instructions":"a","input":"hi"})",
        R"({"instructions":"a","input":"ho"})",
        R"({"prompt":"hi"})",
        R"({"prompt":"ho"})",
        R"({"prompt":["hi","ho"]})",
    };
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(key_of(bodies[i]), key_of(bodies[j])) << bodies[i] << bodies[j];
    }
}

TEST(PrefixKey, DoesNotDependOnHowTheBodyIsWritten) {
    const std::uint64_t key = key_of(R"({"system":"s","messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(key, key_of(R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"system":"s"})"));
    EXPECT_EQ(key, key_of(R"({ "system" : "s" , "messages" : [ { "content" : "hi", "role" : "user" } ] })"));
    EXPECT_EQ(key, key_of(R"({"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],)"
                          R"("messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})"));
}

TEST(PrefixKey, OfAResponseIsThatOfItsInputAsTextOrAsList) {
    EXPECT_EQ(key_of(R"({"instructions":"a","input":"hi"})"),
              key_of(R"({"instructions":"a","input":[{"role":"user","content":"hi"},)"
                     R"({"role":"assistant","content":"x"},{"type":"function_call_output","output":"y"}]})"));
}

TEST(PrefixKey, TellsPicturesApart) {
    const auto picture = [](std::string_view url) {
        return chat(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":")" + std::string(url) +
                    R"("}}]})");
    };
    EXPECT_NE(key_of(picture("https://a/1")), key_of(picture("https://a/2")));
}

TEST(PrefixKey, LooksAtTheBeginningOfEachTextOnly) {
    const std::string begin(1024, 'a');
    EXPECT_EQ(key_of(R"({"prompt":")" + begin + R"(x"})"), key_of(R"({"prompt":")" + begin + R"(y and more"})"));
    EXPECT_NE(key_of(R"({"prompt":")" + begin.substr(1) + R"(x"})"),
              key_of(R"({"prompt":")" + begin.substr(1) + R"(y"})"));
}

TEST(PrefixKey, OfAListWithoutAUserEndsAfterEightItems) {
    std::string items = R"({"role":"tool","content":"a"})";
    for (int i = 1; i < 8; ++i) items += R"(,{"role":"tool","content":"a"})";
    EXPECT_EQ(key_of(chat(items)), key_of(chat(items + R"(,{"role":"user","content":"a"})")));
    EXPECT_NE(key_of(chat(items)), key_of(chat(items.substr(items.find(',', 20) + 1))));
}

TEST(PrefixKey, IsUnknownWithoutText) {
    for (const std::string_view body : {"", "{}", "[]", "]]", R"({"model":"m","user":"prompt"})", R"({"prompt":[1,2]})",
                                        R"({"metadata":{"prompt":"a","content":"b"}})", R"({"messages":[]})"}) {
        EXPECT_EQ(key_of(body), 0U) << body;
    }
}

TEST(PrefixKey, DoesNotDependOnThePieces) {
    const std::string body =
        R"({"system":"say \"no\" \\","messages":[{"role":"user","content":"\\\"hi\\"}],"prompt":"x"})";
    for (std::size_t piece = 1; piece < body.size(); ++piece) EXPECT_EQ(key_of(body, piece), key_of(body)) << piece;
    EXPECT_NE(key_of(body),
              key_of(R"({"system":"say \"no\" \\","messages":[{"role":"user","content":"\\\"ho\\"}],"prompt":"x"})"));
}

}  // namespace
}  // namespace weir::ai

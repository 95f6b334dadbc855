#include "ai/request_facts.hpp"
#include "ai/request_scanner.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

std::string_view fault_of(std::string_view body, Api api = Api::chat) { return read_facts(api, body).fault; }

TEST(RequestFacts, ReportWhatAChatAsksFor) {
    const std::string_view body = R"({"model":"large","messages":[{"role":"user","content":"\"stream\":false"}],
        "max_completion_tokens":100, "n":2,"stream":true,"stream_options":{"include_usage":true},
        "service_tier":"flex","user":"u-1","metadata":{"user_id":"m-1"}})";
    const RequestFacts facts = read_facts(Api::chat, body);
    EXPECT_EQ(facts.fault, "");
    EXPECT_TRUE(facts.is_object);
    EXPECT_TRUE(facts.stream);
    EXPECT_TRUE(facts.include_usage);
    EXPECT_EQ(facts.max_output_tokens, 100U);
    EXPECT_EQ(facts.n, 2U);
    EXPECT_EQ(facts.body_bytes, body.size());
    EXPECT_EQ(facts.text(Member::model), "large");
    EXPECT_EQ(facts.text(Member::service_tier), "flex");
    EXPECT_EQ(facts.text(Member::user), "u-1");
    EXPECT_EQ(facts.text(Member::user_id), "m-1");
    EXPECT_TRUE(facts.says(Member::model, "large"));
    EXPECT_FALSE(facts.says(Member::model, "larg"));
}

TEST(RequestFacts, LocateEachMember) {
    const std::string_view body = R"( { "a":1, "model" : "m" ,"stream_options":{ "include_usage":false}})";
    const RequestFacts facts = read_facts(Api::chat, body);
    const MemberSpan& model = facts.at(Member::model);
    EXPECT_EQ(body.substr(model.begin, model.end - model.begin), R"("model" : "m")");
    EXPECT_EQ(body.substr(model.value, model.end - model.value), R"("m")");
    const MemberSpan& usage = facts.at(Member::include_usage);
    EXPECT_EQ(body.substr(usage.begin, usage.end - usage.begin), R"("include_usage":false)");
    EXPECT_FALSE(facts.at(Member::n).there());
    EXPECT_EQ(facts.written(Member::n), "");
}

TEST(RequestFacts, CompareDecodedNames) {
    const std::string_view body = R"({"m\u006fdel":"l\u0061rge","str\u0065am":true})";
    const RequestFacts facts = read_facts(Api::chat, body);
    EXPECT_TRUE(facts.stream);
    EXPECT_EQ(facts.text(Member::model), "large");
}

TEST(RequestFacts, AcceptMembersOnlyInTheirOwnPlace) {
    const RequestFacts facts = read_facts(Api::chat, R"({"metadata":{"stream":true,"n":9},"include_usage":true})");
    EXPECT_FALSE(facts.stream);
    EXPECT_FALSE(facts.include_usage);
    EXPECT_EQ(facts.n, 1U);
}

TEST(RequestFacts, UseTheLargestPossibleAnswer) {
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":10,"max_completion_tokens":700})").max_output_tokens, 700U);
    EXPECT_EQ(read_facts(Api::responses, R"({"max_output_tokens":9})").max_output_tokens, 9U);
    EXPECT_EQ(read_facts(Api::completions, R"({"n":2,"best_of":5})").n, 5U);
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":null,"n":null,"stream":null})").max_output_tokens, std::nullopt);
}

TEST(RequestFacts, CountThePromptsOfACompletion) {
    const auto prompts = [](std::string_view prompt, Api api = Api::completions) {
        const RequestFacts facts = read_facts(api, R"({"model":"m","prompt":)" + std::string(prompt) + "}");
        EXPECT_EQ(facts.fault, "") << prompt;
        return facts.prompts;
    };
    EXPECT_EQ(prompts(R"("a, b")"), 1U);
    EXPECT_EQ(prompts(R"(["a, b"])"), 1U);
    EXPECT_EQ(prompts(R"([ "a", "b\"]," ,"c" ])"), 3U);
    EXPECT_EQ(prompts("[1,2,3]"), 1U) << "token ids of one prompt";
    EXPECT_EQ(prompts("[[1,2],[3], [4,5,6]]"), 3U);
    EXPECT_EQ(prompts("[]"), 1U);
    EXPECT_EQ(prompts("null"), 1U);
    EXPECT_EQ(prompts(R"(["a","b"])", Api::chat), 1U);
    EXPECT_EQ(prompts(R"(["a","b"])", Api::embeddings), 1U);
    EXPECT_EQ(fault_of(R"({"prompt":"a","prompt":["a","b"]})"), "'prompt' is in the body twice");
}

TEST(RequestFacts, RecogniseARequestForATier) {
    const auto asks = [](Api api, std::string_view tier) {
        const std::string body = R"({"service_tier":)" + std::string(tier) + "}";
        return read_facts(api, body).asks_for_tier();
    };
    for (const Api api : {Api::chat, Api::completions, Api::responses}) EXPECT_TRUE(asks(api, R"("priority")"));
    EXPECT_FALSE(asks(Api::chat, "null"));
    EXPECT_FALSE(asks(Api::messages, R"("auto")")) << "its answers use other names";
    EXPECT_FALSE(asks(Api::generic, R"("priority")"));
    EXPECT_FALSE(read_facts(Api::chat, "{}").asks_for_tier());
}

TEST(RequestFacts, RefuseARepeatedMember) {
    EXPECT_EQ(fault_of(R"({"max_tokens":1,"max_tokens":9999})"), "'max_tokens' is in the body twice");
    EXPECT_EQ(fault_of(R"({"model":"a","m\u006fdel":"b"})"), "'model' is in the body twice");
    EXPECT_EQ(fault_of(R"({"priority":1,"priority":2})"), "'priority' is in the body twice");
    EXPECT_EQ(fault_of(R"({"stream_options":{"include_usage":true,"include_usage":false}})"),
              "'include_usage' is in the body twice");
    EXPECT_EQ(fault_of(R"({"stream":true,"stream":true})", Api::other), "'stream' is in the body twice");
    EXPECT_EQ(fault_of(R"({"n":1,"n":1})", Api::other), "'n' is in the body twice");
    EXPECT_EQ(fault_of(R"({"user":"a","user":"b","tools":1,"tools":2})"), "") << "nothing depends on these";
}

TEST(RequestFacts, RefuseNumbersThatAreNotCounts) {
    for (const char* number :
         {"1.5",      "0100",  "5.",         ".5",      "1e",   "+1", "-x", "NaN", "nan", "inf",
          "Infinity", "1e400", "2147483648", "\"100\"", "true", "[]", "{}", "1x",  "--1", "0x10"}) {
        const std::string body = std::string(R"({"max_tokens":)") + number + "}";
        EXPECT_EQ(fault_of(body), "'max_tokens' has the wrong type") << number;
    }
    for (const char* number : {"0", "1", "2147483647", "100.0", "1e2", "1E+2", "-0"}) {
        const std::string body = std::string(R"({"max_tokens":)") + number + "}";
        EXPECT_EQ(fault_of(body), "") << number;
    }
}

TEST(RequestFacts, TreatANegativeLengthAsUnbounded) {
    EXPECT_EQ(fault_of(R"({"max_tokens":-1})"), "");
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":-1})").max_output_tokens, std::nullopt);
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":5,"max_completion_tokens":-1})").max_output_tokens, std::nullopt);
    EXPECT_NE(fault_of(R"({"n":-1})"), "");
}

TEST(RequestFacts, UseTheLargestOfAllLengths) {
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":1,"n_predict":500})").max_output_tokens, 500U);
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":1,"options":{"num_predict":500}})").max_output_tokens, 500U);
    EXPECT_EQ(read_facts(Api::chat, R"({"max_tokens":1,"options":{"num_predict":-1}})").max_output_tokens,
              std::nullopt);
    EXPECT_EQ(read_facts(Api::chat, R"({"n_predict":1})").max_output_tokens, std::nullopt)
        << "unbounded on an engine that ignores that name";
    EXPECT_EQ(read_facts(Api::responses, R"({"max_tokens":1})").max_output_tokens, std::nullopt);
    EXPECT_NE(fault_of(R"({"options":{"num_predict":1},"options":{}})"), "");
}

TEST(RequestFacts, RefuseAMemberThatDiffersFromAKnownOneOnlyInCase) {
    EXPECT_EQ(fault_of(R"({"model":"small","MODEL":"large"})"),
              "a member of the body differs from 'model' only in case");
    EXPECT_NE(fault_of(R"({"max_tokens":1,"Max_Tokens":500})"), "");
    EXPECT_NE(fault_of(R"({"Stream":true})"), "");
    EXPECT_NE(fault_of("{\"\u017Ftream\":true}"), "") << "a long s, which Go reads as an s";
    EXPECT_NE(fault_of("{\"max_to\u212Aens\":1}"), "") << "the kelvin sign, which Go reads as a k";
    EXPECT_NE(fault_of(R"({"\u004dodel":"x"})"), "");
    EXPECT_NE(fault_of(R"({"stream_options":{"Include_Usage":true}})"), "");
    EXPECT_EQ(fault_of(R"({"Tools":1,"User":"u","\u00c9":1})"), "");
    EXPECT_EQ(fault_of(R"({"MODEL":"x"})", Api::generic), "a member of the body differs from 'model' only in case");
    EXPECT_EQ(fault_of(R"({"Max_Tokens":5})", Api::other), "") << "no class depends on it";
}

TEST(RequestFacts, RefuseTextThatReadersDecodeDifferently) {
    for (const char* text :
         {"\\ud800", "\\udc00x", "\\ud800\\u0041", "\x01", "\xff", "\xc0\xaf", "\\x41", "\\u12g4", "a\nb"}) {
        EXPECT_NE(fault_of(std::string(R"({"model":")") + text + "\"}"), "") << text;
    }
    EXPECT_EQ(fault_of(R"({"model":"\ud83d\ude00 \u00e9 é"})"), "");
    EXPECT_NE(fault_of(R"({"model":")" + std::string(600, 'a') + "\"}"), "") << "longer than any model's name";
}

TEST(RequestFacts, CheckNoKindsOnUnknownPaths) {
    for (const char* body :
         {R"({"size":512})", R"({"max_tokens":[[64]]})", R"({"model":{}})", R"({"stream":"yes","n":"x"})"}) {
        EXPECT_EQ(fault_of(body, Api::other), "") << body;
    }
    EXPECT_TRUE(read_facts(Api::other, R"({"model":"a","model":"b"})").class_unclear);
    EXPECT_FALSE(read_facts(Api::other, R"({"n":1,"n":2})").class_unclear);
}

TEST(RequestFacts, RefuseMembersOfAnotherKind) {
    EXPECT_NE(fault_of(R"({"model":7})"), "");
    EXPECT_NE(fault_of(R"({"stream":"true"})"), "");
    EXPECT_NE(fault_of(R"({"stream":1})"), "");
    EXPECT_NE(fault_of(R"({"stream_options":true})"), "");
    EXPECT_EQ(fault_of(R"({"user":7,"conversation":"c","metadata":null,"priority":[]})"), "");
}

TEST(RequestFacts, RefuseABodyThatMustBeAnObjectAndIsNot) {
    const std::string utf16("{\0\"\0n\0\"\0:\0009\0}\0", 14);
    for (const std::string& body : {std::string("[]"), std::string("model=m"), std::string(R"({"model":"m")"),
                                    std::string("\xEF\xBB\xBF{}"), utf16, std::string(R"({} {"n":1})")}) {
        EXPECT_EQ(fault_of(body), "the body is not a JSON object") << body;
        EXPECT_EQ(fault_of(body, Api::other), "") << body;
    }
    EXPECT_EQ(fault_of(""), "") << "left for the endpoint to answer";
}

TEST(RequestFacts, RefuseNothingOnAGenericBackend) {
    const RequestFacts facts = read_facts(Api::generic, R"({"stream":true,"n":-1,"n":"x"})");
    EXPECT_EQ(facts.fault, "");
    EXPECT_TRUE(facts.stream);
}

TEST(RequestFacts, CountFourBytesAsAToken) {
    EXPECT_EQ(estimated_tokens(0), 0U);
    EXPECT_EQ(estimated_tokens(1), 1U);
    EXPECT_EQ(estimated_tokens(400), 100U);
    EXPECT_EQ(estimated_tokens(~0ULL), ~0U);
}

}  // namespace
}  // namespace weir::ai

#include "ai/model_renamer.hpp"

#include <gtest/gtest.h>

namespace weir::ai {
namespace {

using Form = ModelRenamer::Form;

std::string renamed(Form form, std::string_view content) {
    ModelRenamer renamer(form, "ours");
    std::string out;
    renamer.push(content, out);
    return out;
}

struct Row {
    Form form;
    std::string_view content;
    std::string_view renamed;
};

class ModelRenamerOn : public testing::TestWithParam<Row> {};

TEST_P(ModelRenamerOn, AnswersOfTheKnownApis) {
    EXPECT_EQ(renamed(GetParam().form, GetParam().content), GetParam().renamed);
}

// However the content is cut.
TEST_P(ModelRenamerOn, TheSameByteByByte) {
    ModelRenamer renamer(GetParam().form, "ours");
    std::string out;
    for (const char c : GetParam().content) renamer.push({&c, 1}, out);
    EXPECT_EQ(out, GetParam().renamed);
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelRenamerOn,
    testing::Values(
        Row{Form::document, R"({"id":"a", "model" : "theirs-2026", "choices":[{"model":"x"}]})",
            R"({"id":"a", "model" : "ours", "choices":[{"model":"x"}]})"},
        Row{Form::document, R"({"response":{"model":"x"},"message":{"content":[{"model":"y"}],"model":"z"}})",
            R"({"response":{"model":"ours"},"message":{"content":[{"model":"y"}],"model":"ours"}})"},
        Row{Form::document, R"({"usage":{"model":"x"},"a":{"message":{"model":"y"}},"text":"\"model\":\"z\""})",
            R"({"usage":{"model":"x"},"a":{"message":{"model":"y"}},"text":"\"model\":\"z\""})"},
        Row{Form::document, "{\n  \"object\": \"chat\",\n  \"model\": \"x\\\"y\"\n}",
            "{\n  \"object\": \"chat\",\n  \"model\": \"ours\"\n}"},
        Row{Form::document, R"({"model":null,"b":["model","x"],"models":"x"})",
            R"({"model":null,"b":["model","x"],"models":"x"})"},
        Row{Form::lines, "data: {\"model\":\"x\",\"choices\":[]}\n\ndata: [DONE]\n\n",
            "data: {\"model\":\"ours\",\"choices\":[]}\n\ndata: [DONE]\n\n"},
        Row{Form::lines, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"x\"}}\n\n",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"ours\"}}\n\n"},
        Row{Form::lines, ": a \"comment\ndata: {\"a\ndata: {\"model\":\"x\"}\n",
            ": a \"comment\ndata: {\"a\ndata: {\"model\":\"ours\"}\n"}));

TEST(ModelRenamer, WritesANameAsJsonHasIt) {
    ModelRenamer renamer(Form::document, "a\"b");
    std::string out;
    renamer.push(R"({"model":"x"})", out);
    EXPECT_EQ(out, R"({"model":"a\"b"})");
}

TEST(ModelRenamer, HoldsNothingBackAcrossPieces) {
    ModelRenamer renamer(Form::document, "ours");
    std::string out;
    renamer.push(R"({"model":"the)", out);
    EXPECT_EQ(out, R"({"model":"ours")");
    renamer.push(R"(irs","n":1})", out);
    EXPECT_EQ(out, R"({"model":"ours","n":1})");
}

}  // namespace
}  // namespace weir::ai

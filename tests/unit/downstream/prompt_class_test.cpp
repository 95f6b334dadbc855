// The class of a request whose body decides about it.

#include <gtest/gtest.h>

#include "downstream/exchange/prompt.hpp"
#include "support/prepared_prompt.hpp"

namespace weir::downstream {
namespace {

using test::OneClient;
using test::PreparedPrompt;
using test::RoutingParts;
using Head = PreparedPrompt::Head;

// Class 0 is for a model, class 1 for long prompts, class 2 for all others.
RoutingParts by_body() {
    RoutingParts parts;
    parts.classes = {test::make_class(0), test::make_class(1, admission::Priority::low), test::make_class(2)};
    parts.classes[0].config.match.models = {"big"};
    parts.classes[1].config.match.prompt = admission::TokenRange{.min = 100, .max = {}};
    return parts;
}

TEST(Prompt, DecidesTheClassThatItsHeadLeftOpen) {
    const std::string long_prompt = R"({"a":")" + std::string(400, 'x') + "\"}";
    struct Row {
        std::string_view path;
        std::string body;
        int cls;
    };
    for (const Row& row : {
             Row{"/v1/messages", R"({"model":"big"})", 0},
             {"/v1/messages", R"({"model":"small"})", 2},
             {"/v1/messages", long_prompt, 1},
             {"/other", R"({"model":"big"})", 0},
             {"/other", "<html>", 1},  // what cannot be read takes the worst that it could be
         }) {
        OneClient one(by_body());
        const PreparedPrompt prepared(one, row.path, row.body);
        EXPECT_EQ(prepared.fault(), "") << row.body;
        EXPECT_EQ(prepared.ask().cls, ClassId(static_cast<std::uint16_t>(row.cls))) << row.body;
        EXPECT_EQ(prepared.arrival.caller.route->id, prepared.ask().cls);
        EXPECT_EQ(prepared.arrival.outcome.record.cls, prepared.ask().cls);
    }
}

TEST(Prompt, WithoutABodyIsOfTheClassThatNeedsNone) {
    OneClient one(by_body());
    EXPECT_EQ(PreparedPrompt(one, Head{test::get_of("/other")}, "").ask().cls, ClassId{2});
}

}  // namespace
}  // namespace weir::downstream

#include "admission/classify/classifier.hpp"

#include <gtest/gtest.h>

#include <map>

#include "support/judges.hpp"

namespace weir::admission {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

std::string_view find_header(const void* context, std::string_view name) {
    const auto& headers = *static_cast<const Headers*>(context);
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

// One class with the given conditions; matches() says whether a caller with acme's key from 17.1.2.3 falls into it.
class ClassifierTest : public testing::Test {
protected:
    bool matches(const MatchConfig& conditions, std::string_view api_key = "acme-secret") const {
        ClientsConfig clients;
        clients.api_keys = {{"acme", "team", sha256("acme-secret")}, {"solo", "plus", sha256("solo-secret")}};
        JudgeClass cls = test::make_class(3);
        cls.config.match = conditions;
        const Classifier classifier(clients, {&cls, 1}, 1);
        const Identity identity = classifier.identify({IpAddress::parse("17.1.2.3").value(), {}, api_key, false});
        const HeadFacts head{"public", "POST", "/v1/chat/completions", find_header, &headers};
        return classifier.classify(identity, head, body) == ClassId{3};
    }

    Headers headers{{"x-siri-turn", "live"}, {"x-empty", ""}};
    MatchConfig match;
    BodyFacts body;
};

TEST_F(ClassifierTest, WithoutConditionsEverythingMatches) { EXPECT_TRUE(matches(match)); }

TEST_F(ClassifierTest, ListItemsAreAlternatives) {
    match.api_keys = {"solo", "acme"};
    EXPECT_TRUE(matches(match));
    EXPECT_FALSE(matches(match, ""));
    match.api_keys = {"solo"};
    EXPECT_FALSE(matches(match));
}

TEST_F(ClassifierTest, AnUnknownKeyNameMatchesNoCaller) {
    match.api_keys = {"gone"};
    EXPECT_FALSE(matches(match));
    EXPECT_FALSE(matches(match, ""));
}

TEST_F(ClassifierTest, ConditionsMustAllHold) {
    match.plans = {"team"};
    match.sources = {IpNetwork::parse("17.0.0.0/8").value()};
    EXPECT_TRUE(matches(match));
    match.methods = {"GET"};
    EXPECT_FALSE(matches(match));
}

TEST_F(ClassifierTest, PathsAreExactOrPrefixes) {
    match.paths = {"/v1/models", "/v1/chat/*"};
    EXPECT_TRUE(matches(match));
    match.paths = {"/v1/chat"};
    EXPECT_FALSE(matches(match));
    match.paths = {"*"};
    EXPECT_TRUE(matches(match));
}

TEST_F(ClassifierTest, ListenersAreNamed) {
    match.listeners = {"internal"};
    EXPECT_FALSE(matches(match));
    match.listeners = {"internal", "public"};
    EXPECT_TRUE(matches(match));
}

TEST_F(ClassifierTest, HeadersMustAllBePresentWithTheirValues) {
    match.headers = {{"x-siri-turn", "live"}};
    EXPECT_TRUE(matches(match));
    match.headers = {{"x-siri-turn", "live"}, {"x-other", ""}};
    EXPECT_FALSE(matches(match)) << "absent is not empty";
    match.headers = {{"x-empty", ""}};
    EXPECT_TRUE(matches(match));
}

TEST_F(ClassifierTest, NotInvertsAllItsConditionsTogether) {
    MatchConfig excluded;
    excluded.plans = {"team"};
    excluded.methods = {"GET"};
    match.none_of = {excluded};
    EXPECT_TRUE(matches(match)) << "only one of the excluded conditions holds";
    match.none_of.front().methods = {"POST"};
    EXPECT_FALSE(matches(match));
}

TEST_F(ClassifierTest, ModelsAreExactOrPrefixes) {
    body = {.there = true, .model = "llama-8b", .service_tier = {}};
    match.models = {"gpt", "llama*"};
    EXPECT_TRUE(matches(match));
    match.models = {"llama"};
    EXPECT_FALSE(matches(match));
}

TEST_F(ClassifierTest, ConditionsOnTheBodyMustAllHold) {
    body = {.there = true, .model = "m", .service_tier = "flex", .prompt_tokens = 100, .stream = true};
    match.service_tiers = {"default", "flex"};
    match.stream = true;
    match.prompt = TokenRange{100, 100};
    EXPECT_TRUE(matches(match));
    match.prompt = TokenRange{101, {}};
    EXPECT_FALSE(matches(match));
    match.prompt = TokenRange{0, 99};
    EXPECT_FALSE(matches(match));
    match.prompt = {};
    match.stream = false;
    EXPECT_FALSE(matches(match));
    match.stream = {};
    match.service_tiers = {"auto"};
    EXPECT_FALSE(matches(match));
}

TEST_F(ClassifierTest, NoConditionOnABodyHoldsWithoutOne) {
    match.stream = false;
    EXPECT_FALSE(matches(match));
    match.stream = {};
    match.prompt = TokenRange{};
    EXPECT_FALSE(matches(match));
    match.prompt = {};
    match.none_of = {MatchConfig{}};
    match.none_of.front().stream = false;
    EXPECT_TRUE(matches(match)) << "nothing excludes it";
}

TEST_F(ClassifierTest, NotMayMixHeadAndBody) {
    body = {.there = true, .model = "m", .service_tier = {}};
    match.none_of = {MatchConfig{}};
    match.none_of.front().models = {"m"};
    match.none_of.front().methods = {"GET"};
    EXPECT_TRUE(matches(match));
    match.none_of.front().methods = {"POST"};
    EXPECT_FALSE(matches(match));
    match.none_of.front().models = {"other"};
    EXPECT_TRUE(matches(match));
}

TEST(Classifier, TheBodyDecidesAmongTheClassesThatTheHeadLeavesOpen) {
    std::vector<JudgeClass> classes{test::make_class(1), test::make_class(2), test::make_class(3), test::make_class(4)};
    classes[0].config.match.models = {"a"};
    classes[1].config.match.methods = {"GET"};
    classes[1].config.match.models = {"b"};
    classes[2].config.match.stream = true;
    const Classifier classifier({}, classes, 1);
    OpenClasses open;
    EXPECT_EQ(classifier.classify({}, {"public", "POST", "/"}, open), ClassId{4});
    ASSERT_FALSE(open.empty());
    EXPECT_EQ(classifier.resolve(open, {.there = true, .model = "a", .service_tier = {}}), ClassId{1});
    EXPECT_EQ(classifier.resolve(open, {.there = true, .model = "b", .service_tier = {}}), ClassId{4});
    EXPECT_EQ(classifier.resolve(open, {.there = true, .model = "b", .service_tier = {}, .stream = true}), ClassId{3});
    EXPECT_EQ(classifier.resolve(open, {}), ClassId{4});
}

TEST(Classifier, AClassAfterADecidedOneIsNotOpen) {
    std::vector<JudgeClass> classes{test::make_class(1), test::make_class(2)};
    classes[1].config.match.models = {"a"};
    OpenClasses open;
    EXPECT_EQ(Classifier({}, classes, 1).classify({}, {"public", "POST", "/"}, open), ClassId{1});
    EXPECT_TRUE(open.empty());
}

TEST(Classifier, TheFirstMatchWins) {
    std::vector<JudgeClass> classes{test::make_class(5), test::make_class(2), test::make_class(9)};
    classes[0].config.match.methods = {"GET"};
    const Classifier classifier({}, classes, 1);
    EXPECT_EQ(classifier.classify({}, {"public", "POST", "/"}), ClassId{2});
    EXPECT_EQ(classifier.classify({}, {"public", "GET", "/"}), ClassId{5});
    EXPECT_EQ(Classifier({}, {}, 1).classify({}, {"public", "GET", "/"}), kNoClass);
}

}  // namespace
}  // namespace weir::admission

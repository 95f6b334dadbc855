// What each visitor makes of a small struct.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/forms/forms.hpp"
#include "policy/forms/words.hpp"
#include "policy/keys/read.hpp"
#include "policy/keys/visitor.hpp"
#include "policy/show/print.hpp"
#include "policy/show/schema.hpp"
#include "policy/yaml/tree.hpp"

namespace weir::policy {
namespace {

using testing::HasSubstr;

struct Wheel {
    std::string name{};
    std::uint16_t spokes = 32;
};

struct Cart {
    std::string owner{};
    std::optional<Duration> longest_trip{};
    std::vector<std::string> goods{};
    std::vector<Wheel> wheels{};
    std::optional<Wheel> spare{};
    Wheel steering{};
};

const Scalar<Wheel> kSpare{
    {.what = "a wheel's name", .pattern = ""},
    [](const Form&, std::string_view text) -> Reading<Wheel> { return Wheel{std::string(text)}; },
    [](const Form&, const Wheel&) { return std::string(); }};

void describe(Visitor& v, Wheel& c) {
    v.noun("wheel");
    v.key("name", c.name, kName, "What it is called.");
    v.key("spokes", c.spokes, kPositive, "How many it has.");
    v.former("rays", "spokes");
}

void describe(Visitor& v, Cart& c) {
    v.required().key("owner", c.owner, kText, "Whose it is.");
    v.secret().key("longest_trip", c.longest_trip, kDuration, "How far it goes.");
    v.list("goods", c.goods, kName, "What it carries.");
    v.maps("wheels", c.wheels, "What it rolls on.");
    v.either("spare", c.spare, kSpare, MemberPart(c.spare), "One more wheel, by its name or whole.");
    v.map("steering", c.steering, "The wheel in the driver's hands.");
    v.later("engine");
}

struct ReadCart {
    Cart cart;
    std::set<std::string> secrets;
    Diagnostics diagnostics;
};

ReadCart read_cart(const std::string& text) {
    ReadCart result;
    auto root = parse_yaml("cart", text, result.diagnostics);
    read(root.value(), [&](Visitor& v) { describe(v, result.cart); }, "", {"", result.secrets, result.diagnostics});
    return result;
}

// `line:column message; did you mean ...? (help)`, one per line.
std::string faults(const std::string& text) {
    std::string all;
    for (const Diagnostic& fault : read_cart(text).diagnostics) {
        all += std::to_string(fault.mark.line) + ":" + std::to_string(fault.mark.column) + " " + fault.message;
        if (!fault.suggestion.empty()) all += "; did you mean '" + fault.suggestion + "'?";
        if (!fault.help.empty()) all += " (" + fault.help + ")";
        all += "\n";
    }
    return all;
}

std::string printed(Cart cart, const std::set<std::string>& secrets = {}) {
    return to_json([&](Visitor& v) { describe(v, cart); }, secrets);
}

TEST(Reader, FillsEveryKindOfMember) {
    const ReadCart read = read_cart(
        "owner: me\nlongest_trip: 2h\ngoods: [hay, wood]\nwheels: [{ spokes: 8 }, {}]\nspare: big\n"
        "steering: { spokes: 4 }\n");
    EXPECT_TRUE(read.diagnostics.empty());
    EXPECT_EQ(read.cart.owner, "me");
    EXPECT_EQ(read.cart.longest_trip, Duration(std::chrono::hours(2)));
    EXPECT_EQ(read.cart.goods, (std::vector<std::string>{"hay", "wood"}));
    ASSERT_EQ(read.cart.wheels.size(), 2U);
    EXPECT_EQ(read.cart.wheels[0].spokes, 8);
    EXPECT_EQ(read.cart.wheels[1].spokes, 32);
    EXPECT_EQ(read.cart.spare.value().name, "big");
    EXPECT_EQ(read.cart.steering.spokes, 4);
    EXPECT_EQ(read_cart("owner: me\nspare: { spokes: 6 }\n").cart.spare.value().spokes, 6);
}

TEST(Reader, AnUnknownKeyIsRefusedWithTheNearestKeyOrAllKeys) {
    EXPECT_EQ(faults("owner: me\nsteering: { spoks: 3 }\n"),
              "2:13 unknown key 'spoks' in wheel; did you mean 'spokes'?\n");
    EXPECT_EQ(faults("owner: me\nwheels:\n  - name: left\n    colour: red\n"),
              "4:5 unknown key 'colour' in wheel 'left' (it can have: name, spokes)\n");
}

TEST(Reader, AFormerKeyIsRefusedWithTheNewOne) {
    EXPECT_EQ(faults("owner: me\nwheels:\n  - { name: left, rays: 3 }\n"),
              "3:19 unknown key 'rays' in wheel 'left'; did you mean 'spokes'? ('rays' is now called 'spokes')\n");
}

TEST(Reader, AMissingKeyIsReportedUnlessItWasMisspelt) {
    EXPECT_EQ(faults("goods: hay\n"), "1:1 the policy has no 'owner' (Whose it is.)\n");
    EXPECT_EQ(faults("ownr: me\n"), "1:1 unknown key 'ownr' in the policy; did you mean 'owner'?\n");
}

TEST(Reader, APlannedKeyIsReportedAsNotImplemented) {
    EXPECT_EQ(faults("owner: me\nengine: steam\n"), "2:1 'engine' is not implemented yet\n");
}

TEST(Reader, ANumberMustFitIntoItsMember) {
    EXPECT_EQ(faults("owner: me\nsteering: { spokes: 70k }\n"), "2:21 'spokes' must be at most 65535, but is '70k'\n");
}

TEST(Reader, AFormerWordIsRefusedWithTheNewOne) {
    constexpr std::array<std::string_view, 2> kColours{"red", "blue"};
    constexpr std::array<Renamed, 1> kFormer{Renamed{"azure", "blue"}};
    const Scalar<std::string> colour = one_of<std::string>("a colour", kColours, kFormer);
    EXPECT_EQ(colour.parse("azure").fault.suggestion, "blue");
    EXPECT_EQ(colour.parse("azure").fault.message, "must be one of red, blue");
    EXPECT_EQ(colour.parse("rad").fault.suggestion, "red");
}

TEST(Printer, ShowsDefaultsAndUnsetKeys) {
    EXPECT_EQ(printed({.owner = "me"}),
              R"({
  "owner": "me",
  "longest_trip": null,
  "goods": [],
  "wheels": [],
  "spare": null,
  "steering": {
    "name": null,
    "spokes": 32
  }
}
)");
}

TEST(Printer, HidesSecretsByKeyAndByPlace) {
    Cart cart{.owner = "me", .longest_trip = Duration(std::chrono::hours(1)), .goods = {"hay", "gold"}};
    cart.wheels.push_back({"left"});
    const std::string text = printed(cart, {"goods[1]", "wheels[0].name"});
    EXPECT_THAT(text, HasSubstr(R"("longest_trip": "***")"));
    EXPECT_THAT(text, HasSubstr(R"("goods": ["hay","***"])"));
    EXPECT_THAT(text, HasSubstr(R"("name": "***")"));
}

TEST(Schema, HasTheDefaultsOfTheStructsAndNoFormerKeys) {
    Cart cart;
    const std::string text = json_schema([&](Visitor& v) { describe(v, cart); });
    const auto schema = boost::json::parse(text);
    const auto& properties = schema.at("properties");
    EXPECT_EQ(properties.at("steering").at("properties").at("spokes").at("default"), 32);
    EXPECT_EQ(properties.at("wheels").at("items").at("properties").at("spokes").at("default"), 32);
    EXPECT_FALSE(properties.at("owner").as_object().contains("default"));
    EXPECT_EQ(schema.at("required"), boost::json::array{"owner"});
    EXPECT_EQ(text.find("rays"), std::string::npos);
    EXPECT_EQ(text.find("engine"), std::string::npos);
}

}  // namespace
}  // namespace weir::policy

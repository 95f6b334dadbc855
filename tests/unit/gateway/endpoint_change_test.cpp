#include "gateway/endpoint_change.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;
using test::kStart;
using upstream::HandAction;

Result<EndpointChange> parse(const std::string& rest) {
    return parse_endpoint_change(R"({"backend":"large","endpoint":"http://a:1",)" + rest + "}", kStart);
}

std::string fault_of(const std::string& rest) {
    const auto change = parse(rest);
    return change ? std::string() : change.error().message;
}

TEST(EndpointChange, SaysWhatForHowLongAndWhy) {
    const auto change = parse(R"("action":"drain","for":"10m","why":"a new model")");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->backend, "large");
    EXPECT_EQ(change->endpoint, "http://a:1");
    EXPECT_EQ(change->setting->action, HandAction::drain);
    EXPECT_EQ(change->setting->until, kStart + 10min);
    EXPECT_EQ(change->setting->why, "a new model");
}

TEST(EndpointChange, EndsByItselfWithoutBeingAskedTo) {
    EXPECT_EQ(parse(R"("action":"eject")")->setting->until, kStart + 1h);
    EXPECT_FALSE(parse(R"("action":"clear")")->setting);
    EXPECT_EQ(fault_of(R"("action":"drain","for":"200h")"), "'for' must be at most 7 days");
}

TEST(EndpointChange, HasAWeightInPercent) {
    EXPECT_EQ(parse(R"("action":"weight","weight":25)")->setting->weight, 0.25);
    EXPECT_EQ(parse(R"("action":"weight","weight":0)")->setting->action, HandAction::drain);
    for (const auto* weight : {"-1", "101", "\"50%\"", "null", "1e999"}) {
        EXPECT_NE(fault_of(fmt::format(R"("action":"weight","weight":{})", weight)), "") << weight;
    }
    EXPECT_NE(fault_of(R"("action":"drain","weight":50)"), "");
}

TEST(EndpointChange, IsRefusedWhereItIsNotUnderstood) {
    EXPECT_EQ(fault_of(R"("action":"stop")"), "'action' must be drain, eject, weight or clear");
    EXPECT_EQ(fault_of(R"("action":"drain","fro":"1m")"), "unknown member 'fro'");
    EXPECT_EQ(fault_of(R"("action":"drain","for":"soon")"), "'for' must be a duration such as 10m");
    EXPECT_EQ(fault_of(R"("action":"drain","for":60)"), "'for' must be a text");
    EXPECT_NE(fault_of(R"("action":"drain","why":"two\nlines")"), "");
    EXPECT_NE(fault_of(R"("action":"drain","why":")" + std::string(201, 'x') + "\""), "");
    for (const auto* body : {"", "[]", "{}", R"({"backend":"large","action":"drain"})"}) {
        EXPECT_FALSE(parse_endpoint_change(body, kStart)) << body;
    }
}

}  // namespace
}  // namespace weir::gateway

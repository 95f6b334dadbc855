#include "lab/simulate/surge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

// One request of each of two classes a second, from four clients each.
Trace steady(int length) {
    Trace trace;
    trace.hints = {"bulk", "direct"};
    trace.clients = 8;
    for (int i = 0; i < length; ++i) {
        for (std::uint16_t hint = 0; hint < 2; ++hint) {
            TraceRequest request;
            request.arrival = std::chrono::seconds(i);
            request.number = trace.requests.size();
            request.client = 4U * hint + static_cast<std::uint32_t>(i) % 4;
            request.hint = hint;
            trace.requests.push_back(request);
        }
    }
    return trace;
}

std::size_t count(const Trace& trace, std::uint16_t hint, Window window) {
    return static_cast<std::size_t>(
        std::count_if(trace.requests.begin(), trace.requests.end(),
                      [&](const auto& request) { return request.hint == hint && window.has(request.arrival); }));
}

constexpr Window kAll{0s, 24h};
constexpr Window kMiddle{20s, 60s};

TEST(Surge, IsReadFromOneWord) {
    const auto surge = parse_surge("siri-bulk=1.5x@2m+500ms");
    ASSERT_TRUE(surge);
    EXPECT_EQ(surge->hint, "siri-bulk");
    EXPECT_EQ(surge->factor, 1.5);
    EXPECT_EQ(surge->window, (Window{120s, 120'500ms}));
    EXPECT_EQ(parse_timed("http://a:80@1+2")->what, "http://a:80");
    for (const char* bad : {"", "bulk", "bulk=10x", "bulk=10@1s+1s", "=10x@1s+1s", "bulk=10x@1s", "bulk=-1x@1s+1s",
                            "bulk=10x@1s+0s", "bulk=10x@1d+1s", "bulk=1e9x@1s+1s", "bulk=nanx@1s+1s"}) {
        EXPECT_FALSE(parse_surge(bad)) << bad;
    }
}

TEST(Surge, MultipliesItsClassInItsWindowAndLeavesAllElse) {
    Trace trace = steady(100);
    EXPECT_EQ(apply_surge(trace, {"bulk", 10, kMiddle}, 1), 400U);
    EXPECT_EQ(count(trace, 0, kMiddle), 400U);
    EXPECT_EQ(count(trace, 0, kAll), 460U);
    EXPECT_EQ(count(trace, 1, kAll), 100U);
    // The requests of the calm trace are all still there, under their numbers.
    std::set<std::uint64_t> numbers;
    for (const TraceRequest& request : trace.requests) numbers.insert(request.number);
    EXPECT_EQ(numbers.size(), trace.requests.size());
    for (const TraceRequest& request : steady(100).requests) EXPECT_TRUE(numbers.contains(request.number));
    EXPECT_TRUE(std::is_sorted(trace.requests.begin(), trace.requests.end(),
                               [](const auto& a, const auto& b) { return a.arrival < b.arrival; }));
}

TEST(Surge, TossesACoinForAFraction) {
    Trace trace = steady(2'000);
    apply_surge(trace, {"bulk", 2.5, kAll}, 1);
    EXPECT_NEAR(static_cast<double>(count(trace, 0, kAll)), 5'000, 100);
    Trace thinned = steady(2'000);
    apply_surge(thinned, {"bulk", 0.25, kAll}, 1);
    EXPECT_NEAR(static_cast<double>(count(thinned, 0, kAll)), 500, 80);
}

TEST(Surge, BringsClientsOfItsOwn) {
    Trace trace = steady(100);
    apply_surge(trace, {"bulk", 3, kAll}, 1);
    EXPECT_EQ(trace.clients, 8U + 2 * 4);
    std::set<std::uint32_t> clients;
    for (const TraceRequest& request : trace.requests) clients.insert(request.client);
    EXPECT_EQ(clients.size(), trace.clients);
}

TEST(Surge, MayComeFromTheSameClients) {
    Trace trace = steady(100);
    Surge surge{"bulk", 3, kAll};
    surge.same_clients = true;
    apply_surge(trace, surge, 1);
    EXPECT_EQ(trace.clients, 8U);
    for (const TraceRequest& request : trace.requests) EXPECT_LT(request.client, 8U);
}

TEST(Surge, BringsConversationsOfItsOwn) {
    Trace trace = steady(1);
    const std::size_t own = trace.requests.size();
    for (TraceRequest& request : trace.requests) request.lineage.conversation = 7;
    apply_surge(trace, {"bulk", 3, kAll}, 1);
    std::set<std::uint64_t> conversations;
    for (const TraceRequest& request : trace.requests) conversations.insert(request.lineage.conversation);
    EXPECT_GT(trace.requests.size(), own);
    EXPECT_EQ(conversations.size(), 3U);
}

TEST(Surge, IsTheSameForTheSameSeedOnly) {
    const auto arrivals = [](std::uint64_t seed) {
        Trace trace = steady(50);
        apply_surge(trace, {"bulk", 3, kAll}, seed);
        std::vector<Duration> result;
        for (const TraceRequest& request : trace.requests) result.push_back(request.arrival);
        return result;
    };
    EXPECT_EQ(arrivals(1), arrivals(1));
    EXPECT_NE(arrivals(1), arrivals(2));
}

TEST(Surge, ShowsInTheDifferenceOfTwoTraces) {
    const Trace calm = steady(100);
    EXPECT_FALSE(difference(calm, calm));
    Trace trace = calm;
    apply_surge(trace, {"bulk", 10, kMiddle}, 1);
    const auto window = difference(trace, calm);
    ASSERT_TRUE(window);
    EXPECT_EQ(*window, kMiddle);
}

}  // namespace
}  // namespace weir::simulate

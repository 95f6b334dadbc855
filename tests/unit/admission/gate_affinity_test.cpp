#include "admission/gate/affinity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>

#include "base/stable_hash.hpp"
#include "support/passage.hpp"

namespace weir::admission {
namespace {

using test::make_gate_config;
using test::Passage;

constexpr EndpointId kFirst{0};

// The names do not depend on the numbers.
JudgeConfig make_affine(const std::vector<std::uint32_t>& limits) {
    JudgeConfig config = make_gate_config(limits);
    config.balance = Balance::prefix_affinity;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        config.endpoints[i].name_hash = StableHash::of("http://engine-" + std::to_string(i) + ":8000");
    }
    return config;
}

Need need_of(std::uint64_t conversation) {
    Need need;
    need.affinity = StableHash::mix(conversation + 1);
    return need;
}

// Where each conversation goes while nothing is in flight.
std::map<std::uint64_t, EndpointId> preferences(EndpointGate& gate, std::uint64_t conversations = 1000) {
    std::map<std::uint64_t, EndpointId> preferred;
    for (std::uint64_t i = 0; i < conversations; ++i) preferred[i] = gate.choose(need_of(i))->id;
    return preferred;
}

std::map<EndpointId, int> count(const std::map<std::uint64_t, EndpointId>& preferred) {
    std::map<EndpointId, int> counts;
    for (const auto& [conversation, endpoint] : preferred) ++counts[endpoint];
    return counts;
}

TEST(PrefixAffinity, SpreadsConversationsEvenly) {
    Passage passage(make_affine({100, 100, 100, 100}));
    for (const auto& [endpoint, conversations] : count(preferences(passage.gate))) EXPECT_NEAR(conversations, 250, 60);
}

TEST(PrefixAffinity, OfANewEndpointTakesOnlyWhatItPrefers) {
    const JudgeConfig more = make_affine({100, 100, 100, 100});
    JudgeConfig fewer = more;
    fewer.endpoints.pop_back();
    std::swap(fewer.endpoints[0], fewer.endpoints[2]);  // the order in the policy does not matter
    Passage passage(fewer);
    const auto before = preferences(passage.gate);
    passage.gate.reconfigure(more, passage.now);
    for (const auto& [conversation, endpoint] : preferences(passage.gate)) {
        if (endpoint != more.endpoints[3].id) EXPECT_EQ(endpoint, before.at(conversation));
    }
}

TEST(PrefixAffinity, MovesOnlyTheConversationsOfAnEndpointThatIsDown) {
    Passage passage(make_affine({100, 100, 100, 100}));
    const auto before = preferences(passage.gate);
    passage.gate.set_intake(kFirst, {.open = false});
    std::map<EndpointId, int> moved;
    for (const auto& [conversation, endpoint] : preferences(passage.gate)) {
        if (before.at(conversation) == kFirst) ++moved[endpoint];
        if (before.at(conversation) != kFirst) EXPECT_EQ(endpoint, before.at(conversation));
    }
    EXPECT_EQ(moved.size(), 3U);
    passage.gate.set_intake(kFirst, {});
    EXPECT_EQ(preferences(passage.gate), before);
}

TEST(PrefixAffinity, GivesAShareOfItsConversationsToAnEndpointThatComesBack) {
    Passage passage(make_affine({100, 100, 100, 100}));
    const auto whole = preferences(passage.gate);
    passage.gate.set_intake(kFirst, {.share = 0.25});
    const auto part = preferences(passage.gate);
    EXPECT_NEAR(count(part)[kFirst], 1000 * 0.25 / 3.25, 30);
    for (const auto& [conversation, endpoint] : part) {
        if (whole.at(conversation) != kFirst) EXPECT_EQ(endpoint, whole.at(conversation));
    }
}

TEST(PrefixAffinity, LoadsNoEndpointMuchMoreThanTheOthers) {
    Passage passage(make_affine({1000, 1000, 1000, 1000}));
    for (int i = 0; i < 400; ++i) passage.pass(need_of(7));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_LE(passage.endpoint(i).inflight, 125U);
}

TEST(PrefixAffinity, LeavesAConversationWhereItsLastRequestWent) {
    Passage passage(make_affine({1000, 1000, 1000, 1000}));
    const EndpointId favourite = passage.pass(need_of(7));
    passage.end_first();
    passage.gate.set_intake(favourite, {.open = false});
    const EndpointId other = passage.pass(need_of(7));
    passage.end_first();
    EXPECT_NE(other, favourite);
    passage.gate.set_intake(favourite, {});
    EXPECT_EQ(passage.gate.choose(need_of(7))->id, other);
}

TEST(PrefixAffinity, LetsALongPromptStayWhereAShortOneMakesWay) {
    Passage passage(make_affine({1000, 1000, 1000, 1000}));
    const EndpointId favourite = passage.gate.choose(need_of(7))->id;
    Need need = need_of(7);
    need.prompt_tokens = 100;
    for (int i = 0; i < 400; ++i) {
        Need any = need_of(i % 40 == 0 ? 7 : 100 + i);
        any.prompt_tokens = 100;
        passage.pass(any);
    }
    while (passage.gate.choose(need)->id == favourite) passage.pass(need);
    need.prompt_tokens = 10;
    EXPECT_NE(passage.gate.choose(need)->id, favourite);
    need.prompt_tokens = 300;
    EXPECT_EQ(passage.gate.choose(need)->id, favourite);
}

TEST(PrefixAffinity, ForgetsTheConversationsThatWereActiveLongestAgo) {
    Conversations conversations;
    constexpr std::uint64_t kSetsApart = 4096;
    for (std::uint64_t i = 1; i <= 4; ++i) conversations.note(i * kSetsApart, 10 + i, 1);
    conversations.note(kSetsApart, 20, 1);
    conversations.note(5 * kSetsApart, 15, 1);
    EXPECT_EQ(conversations.endpoint_of(kSetsApart), 20U);
    EXPECT_EQ(conversations.endpoint_of(2 * kSetsApart), 0U);
    for (std::uint64_t i = 3; i <= 5; ++i) EXPECT_EQ(conversations.endpoint_of(i * kSetsApart), 10 + i);
}

TEST(PrefixAffinity, PassesOverAnEndpointThatIsFull) {
    Passage passage(make_affine({3, 3, 3}));
    EXPECT_EQ(passage.pass_all(need_of(7)), 9);
}

TEST(PrefixAffinity, PrefersAnyOtherToTheLostOne) {
    Passage passage(make_affine({3, 3}));
    const EndpointId favourite = passage.gate.choose(need_of(7))->id;
    EXPECT_NE(passage.gate.choose(need_of(7), favourite)->id, favourite);
    const EndpointId other = passage.pass(need_of(7), true, favourite);
    passage.gate.set_intake(other, {.open = false});
    EXPECT_EQ(passage.gate.choose(need_of(7), favourite)->id, favourite);
}

TEST(PrefixAffinity, SendsRequestsWithoutAKeyWhereThereIsMostRoom) {
    Passage passage(make_affine({100, 100, 100}));
    for (int i = 0; i < 30; ++i) passage.pass();
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(passage.endpoint(i).inflight, 10U);
}

RC_GTEST_PROP(PrefixAffinity, KeepsTheBoundAndTurnsNoneAway, ()) {
    const auto limits = *rc::gen::container<std::vector<std::uint32_t>>(3, rc::gen::inRange(1U, 40U));
    Passage passage(make_affine(limits));
    const double weights = limits[0] + limits[1] + limits[2];
    for (int step = 0; step < 200; ++step) {
        if (!passage.passed.empty() && *rc::gen::inRange(0, 3) == 0) passage.end_first();
        const double load = passage.gate.inflight() + 1;
        Need need = need_of(*rc::gen::inRange<std::uint64_t>(0, 5));
        need.prompt_tokens = *rc::gen::inRange(0U, 200U);
        const EndpointId id = passage.pass(need);
        const bool full = passage.gate.inflight() == weights;
        if (id == kNoEndpoint) {
            RC_ASSERT(full);
            continue;
        }
        bool any_within = false;  // another was within its bound and had a slot
        const auto bound = [&](std::size_t i) { return std::ceil(1.5 * load * limits[i] / weights - 1e-9); };
        for (std::size_t i = 0; i < 3; ++i) {
            const std::uint32_t before = passage.endpoint(i).inflight - (index(id) == i ? 1 : 0);
            any_within |= before < limits[i] && before + 1 <= bound(i);
        }
        RC_ASSERT(any_within);
        RC_ASSERT(passage.endpoint(index(id)).inflight <= bound(index(id)));
    }
}

}  // namespace
}  // namespace weir::admission

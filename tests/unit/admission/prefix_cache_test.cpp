// What prefix affinity is for: engines with a prefix cache each, and conversations whose prompts repeat what came
// before.

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

#include "base/stable_hash.hpp"
#include "support/passage.hpp"

namespace weir::admission {
namespace {

using test::make_gate_config;
using test::Passage;

constexpr std::size_t kEngines = 8;
constexpr std::size_t kConversations = 400;
constexpr std::uint32_t kTurnTokens = 500;  // that each turn adds

// An engine's: the longest prefix of each conversation, the least recently used go first.
class PrefixCache {
public:
    // The tokens of the prompt that it has; afterwards it has all of it.
    std::uint32_t serve(std::size_t conversation, std::uint32_t tokens) {
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.conversation == conversation; });
        const std::uint32_t had = found == entries_.end() ? 0 : found->tokens;
        if (found != entries_.end()) entries_.erase(found);
        entries_.push_front({conversation, tokens});
        used_ += tokens - had;
        while (used_ > kTokens) {
            used_ -= entries_.back().tokens;
            entries_.pop_back();
        }
        return had;
    }

private:
    static constexpr std::uint32_t kTokens = 400'000;
    struct Entry {
        std::size_t conversation;
        std::uint32_t tokens;
    };
    std::list<Entry> entries_;
    std::uint32_t used_ = 0;
};

struct Figures {
    double hits = 0;       // of the tokens that a single cache for all, without bound, would have
    double imbalance = 0;  // the mean of the fullest endpoint's load over the mean load
};

// `inflight` requests are in flight at any time; they end in random order.
Figures serve(Balance balance, std::size_t inflight) {
    JudgeConfig config = make_gate_config(std::vector<std::uint32_t>(kEngines, 256));
    config.balance = balance;
    for (std::size_t i = 0; i < kEngines; ++i) config.endpoints[i].name_hash = StableHash::of(std::to_string(i));
    Passage passage(config);
    std::vector<PrefixCache> caches(kEngines);
    std::vector<std::uint32_t> turns(kConversations);
    std::vector<std::uint64_t> keys(kConversations);
    std::mt19937_64 random(1);
    for (auto& key : keys) key = random();
    double hit = 0;
    double possible = 0;
    Figures figures;
    constexpr int kRequests = 20'000;
    for (int i = 0; i < kRequests; ++i) {
        if (passage.passed.size() == inflight) {
            std::swap(passage.passed.front(), passage.passed[random() % inflight]);
            passage.end_first();
        }
        const std::size_t conversation = random() % kConversations;
        std::uint32_t& turn = turns[conversation];
        if (turn == 10) {  // it ends, and another begins
            turn = 0;
            keys[conversation] = random();
        }
        Need need;
        need.affinity = keys[conversation];
        const std::uint32_t before = turn * kTurnTokens;
        need.prompt_tokens = before + kTurnTokens;
        const EndpointId id = passage.pass(need);
        passage.answer(passage.passed.size() - 1);
        // The cache calls conversations by their keys, so that a new one has nothing.
        hit += std::min(before, caches[index(id)].serve(keys[conversation], before + kTurnTokens));
        possible += before;
        ++turn;
        std::uint32_t most = 0;
        for (std::size_t e = 0; e < kEngines; ++e) most = std::max(most, passage.endpoint(e).inflight);
        figures.imbalance += most / (passage.gate.inflight() / double{kEngines}) / kRequests;
    }
    figures.hits = hit / possible;
    return figures;
}

TEST(PrefixAffinity, FindsMostOfThePrefixesInTheCaches) {
    const Figures by_room = serve(Balance::most_room, 32 * kEngines);
    const Figures by_prefix = serve(Balance::prefix_affinity, 32 * kEngines);
    RecordProperty("most_room_hits", std::to_string(by_room.hits));
    RecordProperty("prefix_affinity_hits", std::to_string(by_prefix.hits));
    EXPECT_LT(by_room.hits, 0.4);
    EXPECT_GT(by_prefix.hits, 0.95);
    EXPECT_LE(by_prefix.imbalance, 1.2);
}

// With few in flight chance alone exceeds the bound of an endpoint.
TEST(PrefixAffinity, FindsMostOfThemWithFewInFlightToo) {
    const Figures by_prefix = serve(Balance::prefix_affinity, 8 * kEngines);
    EXPECT_GT(by_prefix.hits, 0.89);
    EXPECT_LE(by_prefix.imbalance, 1.25);
}

}  // namespace
}  // namespace weir::admission

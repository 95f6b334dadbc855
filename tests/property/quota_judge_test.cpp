// A judge before a hosted API with a hidden quota, in virtual time: its queue is always full of requests of a worse
// class, and a better class asks for a third of the quota. The quota is used, the better class loses nothing, and
// requests return to the queue instead of being refused to their clients.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <queue>
#include <random>

#include "admission/judge.hpp"
#include "support/judges.hpp"
#include "support/quota_provider.hpp"

namespace weir::test {
namespace {

using admission::Place;
using admission::Priority;
using admission::Standing;

constexpr int kBetter = 0;
constexpr int kWorse = 1;
constexpr std::size_t kClients = 480;  // of the worse class, each with one request at a time

struct Tally {
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t turned_away = 0;
    Duration longest_wait{};
};

admission::JudgeConfig config() {
    auto better = make_class(kBetter, Priority::critical);
    auto worse = make_class(kWorse, Priority::sheddable);
    better.config.queue_timeout = 5s;
    worse.config.queue_timeout = 60s;
    better.config.queue = worse.config.queue = 1'000;
    admission::JudgeConfig made = make_config({better, worse}, {1});
    made.endpoints[0].quota = admission::QuotaConfig{};
    return made;
}

class QuotaJudgeWorld {
public:
    QuotaJudgeWorld(const HiddenQuota& quota, double better_rate)
        : provider_(quota), between_(from_seconds(1 / better_rate)), judge_(config(), kStart) {
        for (std::size_t i = 0; i < kClients; ++i) ask(kWorse);
    }
    ~QuotaJudgeWorld() {
        for (Request& request : requests_) {
            if (request.place.standing() == Standing::waiting) judge_.leave(request.place, now_, changes_);
        }
        for (Request& request : requests_) {
            if (request.place.standing() == Standing::running) judge_.finish(request.place, now_, changes_);
        }
    }

    void run(Duration length) {
        const TimePoint end = now_ + length;
        tallies[kBetter] = tallies[kWorse] = {};
        refused_by_provider = 0;
        while (true) {
            TimePoint next = std::min(end, next_better_);
            if (!events_.empty()) next = std::min(next, events_.top().at);
            if (const auto expiry = judge_.next_expiry()) next = std::min(next, *expiry);
            if (next >= end) break;
            now_ = next;
            judge_.expire(now_, changes_);
            follow();
            while (!events_.empty() && events_.top().at <= now_) handle();
            if (now_ >= next_better_) {
                next_better_ += between_;
                ask(kBetter);
            }
        }
        now_ = end;
    }

    Tally tallies[2];
    std::uint64_t refused_by_provider = 0;
    [[nodiscard]] std::uint64_t answered() const { return tallies[kBetter].answered + tallies[kWorse].answered; }

private:
    enum class What : std::uint8_t { arrives, refused, serviced, answered };
    struct Request {
        Place place;
        int cls = 0;
        TimePoint asked;
    };
    struct Event {
        TimePoint at;
        What what;
        Request* request;
        bool operator<(const Event& other) const { return at > other.at; }
    };

    void ask(int cls) {
        const auto free = std::find_if(requests_.begin(), requests_.end(), [](const Request& request) {
            return request.place.standing() == Standing::ended || request.place.standing() == Standing::idle;
        });
        Request& request = free != requests_.end() ? *free : requests_.emplace_back();
        request.cls = cls;
        request.asked = now_;
        ++tallies[cls].asked;
        judge_.arrive(request.place, make_ask(cls, 1 + requests_.size()), now_, changes_);
        follow(&request);
    }

    // What became of the request that a call was for, and of those that the call changed.
    void follow(Request* self = nullptr) {
        std::vector<Request*> changed;
        if (self != nullptr) changed.push_back(self);
        for (Place* place : changes_) {
            changed.push_back(&*std::find_if(requests_.begin(), requests_.end(),
                                             [place](const Request& request) { return &request.place == place; }));
        }
        changes_.clear();
        for (Request* request : changed) {
            Tally& tally = tallies[request->cls];
            if (request->place.standing() == Standing::running) {
                tally.longest_wait = std::max(tally.longest_wait, now_ - request->asked);
                events_.push({now_ + 5ms, What::arrives, request});
            } else if (request->place.standing() == Standing::ended) {
                ++tally.turned_away;
            }
        }
    }

    void handle() {
        const auto [at, what, request] = events_.top();
        events_.pop();
        switch (what) {
            case What::arrives: arrive(*request); break;
            case What::serviced:
                --serving_;
                events_.push({at + 5ms, What::answered, request});
                break;
            case What::refused:
                ++refused_by_provider;
                EXPECT_TRUE(judge_.refused_by_quota(request->place, {.refused = true}, now_, changes_));
                follow(request);
                break;
            case What::answered: {
                judge_.quota_report(request->place, {}, now_, changes_);
                judge_.finish(request->place, now_, changes_);
                follow();
                const int cls = request->cls;
                ++tallies[cls].answered;
                if (cls == kWorse) ask(kWorse);
                break;
            }
        }
    }

    void arrive(Request& request) {
        tokens_ = std::min(provider_.burst, tokens_ + provider_.rate * seconds(now_ - filled_));
        filled_ = now_;
        const bool over =
            (provider_.rate > 0 && tokens_ < 1) || (provider_.at_once > 0 && serving_ >= provider_.at_once);
        if (over) {
            events_.push({now_ + 5ms, What::refused, &request});
            return;
        }
        tokens_ -= provider_.rate > 0 ? 1 : 0;
        ++serving_;
        events_.push({now_ + std::chrono::milliseconds(500 + random_() % 1'000), What::serviced, &request});
    }

    HiddenQuota provider_;
    Duration between_;
    TimePoint now_ = kStart;
    TimePoint next_better_ = kStart;
    std::mt19937 random_{1};
    double tokens_ = 0;
    TimePoint filled_ = kStart;
    std::uint32_t serving_ = 0;
    std::deque<Request> requests_;  // declared before the judge that links them
    std::priority_queue<Event> events_;
    admission::Changes changes_;
    admission::Judge judge_;
};

void expect_quota_well_used(QuotaJudgeWorld& world, double quota) {
    world.run(60s);
    world.run(60s);
    EXPECT_GE(static_cast<double>(world.answered()), 0.95 * 60 * quota);
    EXPECT_LE(static_cast<double>(world.refused_by_provider), 0.03 * 60 * quota);
    const Tally& better = world.tallies[kBetter];
    EXPECT_EQ(better.turned_away, 0U);
    EXPECT_GE(static_cast<double>(better.answered), 0.98 * static_cast<double>(better.asked));
    EXPECT_LE(better.longest_wait, 250ms);
    EXPECT_EQ(world.tallies[kWorse].turned_away, 0U);
}

TEST(QuotaJudge, UsesAQuotaOfARateAndABetterClassLosesNothing) {
    QuotaJudgeWorld world({.rate = 60, .burst = 6}, 20);
    expect_quota_well_used(world, 60);
}

TEST(QuotaJudge, UsesAQuotaOfRequestsAtOnceAndABetterClassLosesNothing) {
    QuotaJudgeWorld world({.at_once = 60}, 20);
    expect_quota_well_used(world, 60 / 1.01);
}

TEST(QuotaJudge, ABetterClassIsServedWhileTheQuotaIsStillBeingLearned) {
    QuotaJudgeWorld world({.rate = 60, .burst = 6}, 20);
    world.run(10s);
    EXPECT_EQ(world.tallies[kBetter].turned_away, 0U);
    EXPECT_LE(world.tallies[kBetter].longest_wait, 3s);
}

}  // namespace
}  // namespace weir::test

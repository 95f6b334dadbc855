#pragma once
// A hosted API with a hidden quota, and a client that sends it requests as a QuotaLearner allows, in virtual time.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "admission/learn/quota_learner.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

using namespace std::chrono_literals;

// What a provider lets pass: requests a second with a burst, requests within a fixed window, requests at once.
struct HiddenQuota {
    double rate = 0;
    double burst = 1;
    std::uint64_t per_window = 0;
    Duration window = 60s;
    std::uint32_t at_once = 0;
};

struct ProviderTimes {
    Duration way = 10ms;    // between the client and the provider, one way
    Duration service = 1s;  // the mean
    double spread = 0.5;    // of the service: uniform from (1 - spread) to (1 + spread)
    double late_ms = 0;     // how late timers fire at the client, at most
};

// What came of a part of a run.
struct QuotaRun {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    [[nodiscard]] double refused_share() const {
        return static_cast<double>(refused) / static_cast<double>(std::max<std::uint64_t>(accepted + refused, 1));
    }
};

// Demand is endless unless `demand` limits it: requests a second that want to be sent.
class QuotaWorld {
public:
    QuotaWorld(const HiddenQuota& quota, const ProviderTimes& times, std::uint64_t seed,
               const admission::QuotaConfig& config = {})
        : quota_(quota), times_(times), random_(seed), learner_(config, kStart), tokens_(quota.burst) {}

    void set_quota(const HiddenQuota& quota) {
        quota_ = quota;
        tokens_ = quota.burst;
    }
    // What a refusal and an answer report.
    std::function<QuotaReport(TimePoint now)> refusal_report = [](TimePoint) { return QuotaReport{.refused = true}; };
    std::function<QuotaReport(TimePoint now)> answer_report = [](TimePoint) { return QuotaReport{}; };
    double demand = 0;

    QuotaRun run(Duration length) {
        const TimePoint end = now_ + length;
        run_ = {};
        while (true) {
            send();
            TimePoint next = end;
            if (!events_.empty()) next = std::min(next, events_.top().at);
            if (learner_.next_send() && *learner_.next_send() > now_)
                next = std::min(next, *learner_.next_send() + late());
            if (demand > 0) next = std::min(next, wanted_at_ > now_ ? wanted_at_ : end);
            if (next >= end) break;
            now_ = std::max(now_, next);
            while (!events_.empty() && events_.top().at <= now_) handle();
        }
        now_ = end;
        return run_;
    }

    [[nodiscard]] const admission::QuotaLearner& learner() const { return learner_; }
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] std::uint32_t inflight() const { return inflight_; }
    [[nodiscard]] std::uint64_t left_in_window() const { return quota_.per_window - in_window_; }
    [[nodiscard]] Duration until_next_window() const { return quota_.window - (now_ - window_start_); }

private:
    enum class What : std::uint8_t { arrives, refused, answered, serviced };
    struct Event {
        TimePoint at;
        What what;
        std::uint64_t number;
        bool operator<(const Event& other) const { return at > other.at; }
    };

    void send() {
        while ((demand <= 0 || wanted_at_ <= now_) && learner_.may_send(inflight_, now_)) {
            const std::uint64_t number = learner_.sent(inflight_++, now_);
            events_.push({now_ + times_.way, What::arrives, number});
            if (demand > 0) wanted_at_ = std::max(wanted_at_, now_ - 1s) + from_seconds(1 / demand);
        }
    }

    void handle() {
        const Event event = events_.top();
        events_.pop();
        switch (event.what) {
            case What::arrives:
                if (take()) {
                    ++run_.accepted;
                    const double part = 1 + times_.spread * (2 * uniform() - 1);
                    events_.push(
                        {event.at + from_seconds(part * seconds(times_.service)), What::serviced, event.number});
                } else {
                    ++run_.refused;
                    events_.push({event.at + times_.way, What::refused, event.number});
                }
                break;
            case What::serviced:
                --serving_;
                events_.push({event.at + times_.way, What::answered, event.number});
                break;
            case What::refused:
                --inflight_;
                learner_.refused(event.number, refusal_report(now_), now_);
                break;
            case What::answered:
                --inflight_;
                learner_.answered(event.number, answer_report(now_), now_);
                break;
        }
    }

    bool take() {
        refill();
        while (now_ - window_start_ >= quota_.window) {
            window_start_ += quota_.window;
            in_window_ = 0;
        }
        if (quota_.at_once > 0 && serving_ >= quota_.at_once) return false;
        if (quota_.rate > 0 && tokens_ < 1) return false;
        if (quota_.per_window > 0 && in_window_ >= quota_.per_window) return false;
        if (quota_.rate > 0) tokens_ -= 1;
        ++in_window_;
        ++serving_;
        return true;
    }

    void refill() {
        tokens_ = std::min(quota_.burst, tokens_ + quota_.rate * seconds(now_ - filled_));
        filled_ = now_;
    }

    double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
    Duration late() { return from_seconds(times_.late_ms / 1e3 * uniform()); }

    HiddenQuota quota_;
    ProviderTimes times_;
    std::mt19937_64 random_;
    admission::QuotaLearner learner_;
    TimePoint now_ = kStart;
    std::priority_queue<Event> events_;
    std::uint32_t inflight_ = 0;
    std::uint32_t serving_ = 0;
    double tokens_;
    TimePoint filled_ = kStart;
    TimePoint window_start_ = kStart;
    std::uint64_t in_window_ = 0;
    TimePoint wanted_at_ = kStart;
    QuotaRun run_;
};

}  // namespace weir::test

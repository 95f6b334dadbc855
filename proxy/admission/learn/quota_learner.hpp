#pragma once
// Learns what a hosted API's quota lets pass, from the requests that it refuses, and says when the next may be sent.
//
// A provider refuses (429; 503 and 529 with a time to retry) what exceeds a quota that it tells in part or not at all:
// requests a second or a minute, or requests at once. Sending as if there were none makes most requests be refused;
// waiting a fixed time after each refusal loses what the quota would have let pass. So the limit is kept where a small,
// steady share is refused: that share is what it costs to notice when the quota grows.
//
//   at first  `start` requests at once; one more for each that is accepted while this limit is what binds
//   rate      after the first refusal: R, see quota_rate.hpp; at most `max` at once
//   at once   where refusals separate by the number in flight (quota_kind.hpp): C, the number in flight beside the
//             refused request. C + 1 is tried after 50 requests at the limit; sooner, the more tries were accepted
//   pause     four refusals in a row, three of them of requests that were sent after the one before was known: the
//             quota is used up (a fixed window), or the service is overloaded. One request at a time tries, first after
//             1/R, then after half of the time that the pause has lasted, at most 2 s. R is then what was accepted from
//             the end of the last pause to the end of this one, divided by that time
//   window    the quota comes in windows where pauses end at multiples of one time. Then R grows by no more than p
//             within a window, so that the quota lasts until its end and a better class that comes late finds some left
//   hints     `retry-after`, and the reset of a quota of which nothing remains, once they have proved right
//             (believed_hint.hpp): a pause lasts until then
//
// Refusals of requests that were sent before the first of them was known are one event, wherever only one can be meant.
// All is counted by requests sent, not by answers, since an answer may take a minute and a refusal comes at once.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <optional>

#include "admission/learn/believed_hint.hpp"
#include "admission/learn/quota_kind.hpp"
#include "admission/learn/quota_rate.hpp"
#include "base/quota_report.hpp"
#include "base/time.hpp"

namespace weir::admission {

struct QuotaConfig {
    std::uint32_t start = 32;  // at once
    std::uint32_t max = 512;

    friend bool operator==(const QuotaConfig&, const QuotaConfig&) = default;
};

class QuotaLearner {
public:
    QuotaLearner(const QuotaConfig& config, TimePoint now);

    // Whether a request may be sent now, beside `inflight` others.
    [[nodiscard]] bool may_send(std::uint32_t inflight, TimePoint now) const;
    // When pace or pause allow the next request; may have passed. Nothing where only the number at once is limited.
    [[nodiscard]] std::optional<TimePoint> next_send() const;

    // A request is sent beside `inflight` others. Returns its number; numbers start at 1.
    std::uint64_t sent(std::uint32_t inflight, TimePoint now);
    void refused(std::uint64_t number, const QuotaReport& report, TimePoint now);
    // A refusal that says nothing of the quota, as it is of that request alone.
    void disregard(std::uint64_t number, const QuotaReport& report, TimePoint now);
    // The head of an answer came that is no refusal.
    void answered(std::uint64_t number, const QuotaReport& report, TimePoint now);

    // Number of the latest request that was answered without a refusal.
    [[nodiscard]] std::uint64_t last_answered() const { return last_answered_; }
    // Requests at once.
    [[nodiscard]] std::uint32_t concurrency() const;
    // Requests a second; nothing while none limits.
    [[nodiscard]] std::optional<double> rate() const;
    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }  // ever

    // New bounds; what was learned stays, clamped to them.
    void reconfigure(const QuotaConfig& config);

private:
    // What only time decides: requests that count as accepted by now, rounds that are over, a pause that has ended.
    void update(TimePoint now);
    void accept(const Undecided& request);
    void limit_at_once(std::uint32_t beside);
    void note_run(std::uint64_t number, bool new_episode);
    void note_outcome_time(Duration took);
    void start_pause(TimePoint now);
    void plan_try(TimePoint now);
    void end_pause(TimePoint now);
    void start_cycle(TimePoint now);
    [[nodiscard]] double cycle_accepted() const;
    [[nodiscard]] double cycle_rate(TimePoint now) const;
    // A window of the quota has passed, and was not used up.
    void pass_window(TimePoint now);
    // A pause ends: pauses that end at multiples of the same time tell the quota's window.
    void note_window(TimePoint now);
    [[nodiscard]] Duration outcome_time() const;

    QuotaConfig config_;
    QuotaRate rate_;
    QuotaKind kind_;
    UndecidedRequests undecided_;
    BelievedHint retry_after_;
    BelievedHint reset_;
    std::uint64_t last_ = 0;  // number of the latest request
    std::uint64_t last_answered_ = 0;
    std::uint64_t refusals_ = 0;
    Duration refusal_time_;  // how long refusals take to come

    std::uint32_t at_once_;       // C
    std::uint32_t at_limit_ = 0;  // requests accepted while C was reached, since it changed
    std::uint32_t try_after_;     // as many of them, and C + 1 is tried
    bool trying_ = false;

    std::uint64_t first_end_ = 0;  // the latest request when the first refusal of all came

    // Refusals in a row.
    std::uint64_t episode_end_ = 0;  // the latest request when the first refusal of the episode came
    std::uint64_t run_first_ = 0;
    std::uint64_t run_last_ = 0;
    std::uint64_t run_refused_ = 0;
    unsigned run_episodes_ = 0;

    bool paused_ = false;
    TimePoint paused_at_{};
    TimePoint try_at_{};
    std::uint64_t try_number_ = 0;  // a request that tries, and has not been refused yet; 0: none
    TimePoint try_sent_{};

    TimePoint last_pause_end_;
    Duration window_{};  // between the ends of two pauses; zero: not of a window
    bool window_known_ = false;
    unsigned window_misses_ = 0;

    // Since the end of the last pause, or of a window that was not used up.
    TimePoint cycle_start_;
    Duration cycle_idle_{};  // of the rate, when the cycle started
    std::uint64_t cycle_first_ = 1;
    std::uint64_t cycle_refused_ = 0;
    double cycle_carried_ = 0;  // accepted before
};

}  // namespace weir::admission

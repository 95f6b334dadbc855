#pragma once
// The judge of one backend, shared by all workers: one lock, so that order, limits and fairness are exact across
// threads. A decision takes about a microsecond, so the lock is held for about as long.
//
// A waiting request is woken by a message to its own worker. Between the verdict and that message both threads refer to
// the ticket; a request that leaves meanwhile must wait for the message (see leave()).
//
// Where a quota sets the pace, one waiting request keeps its time: the head of the queue, which is woken when the pace
// lets it pass. Were all woken, each request served would cost as much as there are requests waiting.

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "admission/judge.hpp"
#include "ai/answer_length.hpp"
#include "ai/token_ratio.hpp"
#include "net/waker.hpp"
#include "upstream/backend.hpp"

namespace weir::downstream {

// A request's place, and the waker to call when its standing changes. Belongs to one exchange on one loop.
class Ticket final : public admission::Place {
public:
    explicit Ticket(net::Waker& waker) : waker_(waker) {}
    ~Ticket() {
        if (self_) *self_ = nullptr;
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // The verdict on a waiting request has reached this thread: standing() and decision() may be read.
    [[nodiscard]] bool told() const { return told_; }

    // From now on the judge can preempt this request. The notification may come when the request has just ended by
    // itself and this ticket is gone, so it travels through a pointer that outlives both.
    void allow_cutting() { self_ = std::make_shared<Ticket*>(this); }
    // From now on a grant carries its backend if that is not `backend`, by which the request came and which outlives
    // the ticket: a reload may have given the judge endpoints that `backend` does not have.
    void came_by(const upstream::Backend* backend) { came_by_ = backend; }
    // The backend in force when the judge admitted it; null: the one it came by. REQUIRES: running.
    [[nodiscard]] const std::shared_ptr<upstream::Backend>& granted_by() const { return granted_by_; }

    // The request was preempted: eviction() has the reason. Its owner ends it, and finishes it as usual.
    [[nodiscard]] bool cut() const { return cut_; }

private:
    friend class SharedJudge;
    net::Waker& waker_;
    const upstream::Backend* came_by_ = nullptr;
    std::shared_ptr<upstream::Backend> granted_by_;
    std::shared_ptr<Ticket*> self_;  // the pointee, the instant and the two flags: owner's thread only
    TimePoint keeps_time_at_ = TimePoint::max();
    bool told_ = false;
    bool cut_ = false;
};

// Threading: any thread.
class SharedJudge {
public:
    SharedJudge(const admission::JudgeConfig& config, TimePoint now) : judge_(config, now) {}
    SharedJudge(const SharedJudge&) = delete;
    SharedJudge& operator=(const SharedJudge&) = delete;

    [[nodiscard]] std::optional<admission::Decision> refuse_early(const admission::Ask& ask, TimePoint now);

    // The standing after arrival. If it is `waiting`, ticket.told() becomes true later.
    admission::Standing arrive(Ticket& ticket, const admission::Ask& ask, TimePoint now);
    // REQUIRES: the ticket is running.
    void first_token(Ticket& ticket, TimePoint now);
    void streamed(Ticket& ticket, std::uint32_t tokens, TimePoint now);
    void finish(admission::Place& place, TimePoint now, const std::optional<admission::Tokens>& spent = std::nullopt);
    // `job` takes over what the ticket holds.
    void hand_over(Ticket& ticket, admission::Place& job, TimePoint now);
    // The rest of the rates that such a request counts against.
    [[nodiscard]] admission::Allowance allowance(const admission::Ask& ask, TimePoint now) const;
    void move(Ticket& ticket, EndpointId endpoint, TimePoint now);
    // Takes a waiting ticket out of the queue. False when a verdict is already on its way: then wait for told(), and
    // finish() it if it is running.
    [[nodiscard]] bool leave(Ticket& ticket, TimePoint now);
    // REQUIRES: the ticket is running. Returns its standing afterwards.
    admission::Standing requeue(Ticket& ticket, TimePoint now, bool unreachable = false);
    // See Judge::refused_by_quota(). Returns its standing afterwards, or nothing when the answer is to be passed on.
    // REQUIRES: the ticket is running.
    std::optional<admission::Standing> refused_by_quota(Ticket& ticket, const QuotaReport& report, TimePoint now);
    // REQUIRES: the ticket is running.
    void quota_report(Ticket& ticket, const QuotaReport& report, TimePoint now);

    // The ticket's request goes on at another judge. REQUIRES: the ticket is running, and its slot is this judge's.
    void depart(Ticket& ticket, TimePoint now);
    // Only limits decide: another judge gives it its slot. Returns its standing: running, or ended.
    admission::Standing arrive_elsewhere(Ticket& ticket, const admission::Ask& ask, TimePoint now);
    [[nodiscard]] std::uint32_t inflight(ClassId cls) const;

    void expire(TimePoint now);
    // When expire() next has something to do; TimePoint::max() when no request waits.
    [[nodiscard]] TimePoint next_expiry() const {
        return TimePoint(Duration(next_expiry_.load(std::memory_order_relaxed)));
    }
    // The same for a waiting ticket, which may have to keep the time of a pace. Its waker is called when this becomes
    // earlier for that reason. Both: its owner's thread.
    [[nodiscard]] TimePoint next_expiry(const Ticket& ticket) const {
        return std::min(next_expiry(), ticket.keeps_time_at_);
    }
    void expire_if_due(Ticket& ticket, TimePoint now);

    void set_intake(EndpointId endpoint, const Intake& intake, TimePoint now);
    void set_context(EndpointId endpoint, std::uint64_t tokens, TimePoint now);
    LimitsShown set_gauges(EndpointId endpoint, const EngineGauges& gauges, TimePoint now);
    // Puts a new policy in force. From now on grants name endpoints of `backend`, which this object may outlive.
    void reconfigure(const admission::JudgeConfig& config, const std::shared_ptr<upstream::Backend>& backend,
                     TimePoint now);
    [[nodiscard]] admission::JudgeCounts counts(TimePoint now) const;
    [[nodiscard]] double pressure(TimePoint now);

    // The token ratios of this backend's prompts; needs no lock.
    [[nodiscard]] ai::TokenRatio& prompts() { return prompts_; }
    [[nodiscard]] ai::AnswerLength& answers() { return answers_; }

private:
    // After every call under the lock: notifies the tickets whose standing changed.
    void tell();
    void tell(Ticket& ticket) const;
    // Has the head of the queue keep the time of the pace, if there is one.
    void keep_time();
    // Called before the owner is notified that it runs.
    void name_backend(Ticket& ticket) const;

    mutable std::mutex mutex_;
    admission::Judge judge_;
    admission::Changes changes_;
    std::weak_ptr<upstream::Backend> backend_;     // whose endpoints the judge knows; its owner calls reconfigure()
    const upstream::Backend* in_force_ = nullptr;  // the same; null before the first reload: all requests came by it
    ai::TokenRatio prompts_;
    ai::AnswerLength answers_;
    const admission::Place* keeper_ = nullptr;  // of the time; to be compared only
    TimePoint kept_until_{};
    std::atomic<Duration::rep> next_expiry_{Duration::max().count()};
};

}  // namespace weir::downstream

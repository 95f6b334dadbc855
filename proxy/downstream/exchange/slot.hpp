#pragma once
// A request's place with the judge, from its arrival to its end, and its idempotency key: both are given back however
// the request ends.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/refusal.hpp"
#include "downstream/shared/idempotency.hpp"
#include "downstream/shared/shared_judge.hpp"
#include "downstream/transfer/client_probe.hpp"

namespace weir::downstream {

class Slot {
public:
    // REQUIRES: all of them outlive it.
    Slot(Client& client, ClientProbe& probe, Outcome& outcome)
        : client_(client), probe_(probe), outcome_(outcome), ticket_(client.waker) {}
    ~Slot() { finish(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    // Reserves that key for this client while the request is in progress; notes a retry.
    [[nodiscard]] Passed claim(Caller& caller, std::string_view path, std::string_view key);
    // Refuses what the judge would refuse whatever the body says: before it is read, or more work is done.
    [[nodiscard]] Passed refuse_early(const Caller& caller);
    // Checks the limits, then joins the queue: call wait() if it waits(). While no endpoint of its backend is
    // available, a fallback takes its place: `caller` then has that route.
    [[nodiscard]] Passed arrive(Caller& caller);
    // It joined the queue and its verdict has not been awaited yet. The standing itself may be another thread's to
    // write until then.
    [[nodiscard]] bool waits() const { return queued_ && !ticket().told(); }
    [[nodiscard]] net::task<Passed> wait(Caller& caller);
    // Queues again, ahead of newcomers, as its endpoint failed. REQUIRES: it is running.
    // `unreachable`: that endpoint could not be connected to, and waiting for another is better.
    [[nodiscard]] net::task<Passed> requeue(bool unreachable = false);
    // A provider refused it for its quota: where that quota is learned it is back in the queue, runs again, or has
    // ended with what is returned; then call go_on(). Nothing: the answer is to be passed on. REQUIRES: it is running.
    [[nodiscard]] std::optional<Passed> refused_by_quota(const Caller& caller, const QuotaReport& report);
    // Waits if it waits(). A fallback takes what its own backend cannot serve: not with any endpoint, or not in time
    // where a quota is all that limits it. `no`: it has ended with that.
    [[nodiscard]] net::task<Passed> go_on(Caller& caller, Passed no);
    // The next fallback of its backend that has an endpoint available; null: none.
    [[nodiscard]] const Route* fallback_of(const Caller& caller) const;
    // From now on it is served by that fallback, whose route `caller` gets: call wait() if it waits(). Its limits and
    // its reservation stay with its own backend's judge.
    [[nodiscard]] Passed fall_back(Caller& caller, const Route& fallback);
    // What came of it, for the choice of endpoints: an answer with that status, ...
    void note_status(int status);
    // ... or none, or not all of it, through the endpoint's fault or for another reason.
    void note_break(bool by_endpoint);
    // Gives back what is held, and settles what was used.
    void finish();

    [[nodiscard]] Ticket& ticket() { return elsewhere_ ? elsewhere_->ticket : ticket_; }
    [[nodiscard]] const Ticket& ticket() const { return elsewhere_ ? elsewhere_->ticket : ticket_; }
    // The judge that holds its place. REQUIRES: it has arrived.
    [[nodiscard]] SharedJudge& judge() { return elsewhere_ ? *elsewhere_->judge : *judge_; }
    [[nodiscard]] bool running() const { return ticket().standing() == admission::Standing::running; }
    [[nodiscard]] EndpointId endpoint() const { return ticket().decision().endpoint; }

private:
    // Its place with a fallback's judge.
    struct Elsewhere {
        Elsewhere(net::Waker& waker, SharedJudge& of) : ticket(waker), judge(&of) {}
        Ticket ticket;
        SharedJudge* judge;
    };

    [[nodiscard]] static bool is_for_fallback(const Refusal& why, const Caller& caller);
    Passed settle(admission::Standing standing);
    [[nodiscard]] net::task<Passed> await_verdict();
    void note_shadow();
    void finish(Ticket& ticket, SharedJudge& judge);

    Client& client_;
    ClientProbe& probe_;
    Outcome& outcome_;
    Ticket ticket_;
    SharedJudge* judge_ = nullptr;
    std::unique_ptr<Elsewhere> elsewhere_;
    const Route* home_ = nullptr;  // by which it came, once a fallback serves it
    std::size_t fallbacks_tried_ = 0;
    bool queued_ = false;                       // by the last arrival or return to the queue
    std::optional<IdempotencyKeys::Hash> key_;  // the key in flight with this request
    std::uint32_t video_seconds_ = 0;           // the seconds requested
};

}  // namespace weir::downstream

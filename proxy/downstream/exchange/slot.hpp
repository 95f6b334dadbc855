#pragma once
// A request's place with the judge, from its arrival to its end, and its idempotency key: both are given back however
// the request ends.

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
    // Checks the limits, then joins the queue: call wait() if it waits().
    [[nodiscard]] Passed arrive(const Caller& caller);
    // It joined the queue and its verdict has not been awaited yet. The standing itself may be another thread's to
    // write until then.
    [[nodiscard]] bool waits() const { return queued_ && !ticket_.told(); }
    [[nodiscard]] net::task<Passed> wait();
    // Queues again, ahead of newcomers, as its endpoint failed. REQUIRES: it is running.
    [[nodiscard]] net::task<Passed> requeue();
    // Gives back what is held, and settles what was used.
    void finish();

    [[nodiscard]] Ticket& ticket() { return ticket_; }
    // The judge that holds its place. REQUIRES: it has arrived.
    [[nodiscard]] SharedJudge& judge() { return *judge_; }
    [[nodiscard]] bool running() const { return ticket_.standing() == admission::Standing::running; }
    [[nodiscard]] EndpointId endpoint() const { return ticket_.decision().endpoint; }

private:
    Passed settle(admission::Standing standing);
    void note_shadow();

    Client& client_;
    ClientProbe& probe_;
    Outcome& outcome_;
    Ticket ticket_;
    SharedJudge* judge_ = nullptr;
    bool queued_ = false;                       // by the last arrival or return to the queue
    std::optional<IdempotencyKeys::Hash> key_;  // the key in flight with this request
    std::uint32_t video_seconds_ = 0;           // the seconds requested
};

}  // namespace weir::downstream

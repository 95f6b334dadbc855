#pragma once
// A request's place with the judge, from its arrival to its end, and its idempotency key: whatever ends the request
// gives both back.

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

    // No other request of this client may have that key while this one is under way; notes a retry.
    [[nodiscard]] Passed claim(Caller& caller, std::string_view path, std::string_view key);
    // What the judge would refuse whatever its body says: before it is read, or more is done for it.
    [[nodiscard]] Passed refuse_early(const Caller& caller);
    // Limits, then the queue: see wait() where it waits() there.
    [[nodiscard]] Passed arrive(const Caller& caller);
    [[nodiscard]] bool waits() const { return ticket_.standing() == admission::Standing::waiting; }
    [[nodiscard]] net::task<Passed> wait();
    // Once more, ahead of those who come: its endpoint has failed it. REQUIRES: it runs.
    [[nodiscard]] net::task<Passed> requeue();
    // Gives back what is held, with what came of it.
    void finish();

    [[nodiscard]] Ticket& ticket() { return ticket_; }
    // The judge that holds it. REQUIRES: it has arrived.
    [[nodiscard]] SharedJudge& judge() { return *judge_; }
    [[nodiscard]] bool running() const { return ticket_.standing() == admission::Standing::running; }
    [[nodiscard]] EndpointId endpoint() const { return ticket_.decision().endpoint; }

private:
    void note_shadow();

    Client& client_;
    ClientProbe& probe_;
    Outcome& outcome_;
    Ticket ticket_;
    SharedJudge* judge_ = nullptr;
    std::optional<IdempotencyKeys::Hash> key_;  // that is in flight with it
    std::uint32_t video_seconds_ = 0;           // that were asked for
};

}  // namespace weir::downstream

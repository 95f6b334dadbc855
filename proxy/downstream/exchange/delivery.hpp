#pragma once
// Sends a request to an endpoint and passes its answer back; sends it again, to another endpoint, where that does no
// harm.

#include <memory>
#include <string>
#include <string_view>

#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/prompt.hpp"
#include "downstream/exchange/refusal.hpp"
#include "downstream/exchange/repeatable.hpp"
#include "downstream/exchange/settlement.hpp"
#include "downstream/exchange/slot.hpp"
#include "downstream/exchange/upload.hpp"
#include "downstream/transfer/client_probe.hpp"
#include "downstream/transfer/dispatch.hpp"
#include "downstream/transfer/progress.hpp"

namespace weir::downstream {

class Delivery {
public:
    // REQUIRES: all of them outlive it, and the slot is running.
    Delivery(Client& client, ClientProbe& probe, const Inbound& inbound, const Caller& caller, Upload& upload,
             const Prompt& prompt, Slot& slot, Outcome& outcome);

    // Returns nothing once an answer was passed on and needs no addition.
    [[nodiscard]] net::task<Passed> run();

private:
    enum class Attempt : std::uint8_t {
        served,
        stale,         // an idle connection was closed before it read the request: use a fresh one
        lost,          // this endpoint failed: another may work
        do_not_retry,  // no other endpoint will work either
    };

    [[nodiscard]] net::task<Attempt> attempt();
    // The backend of the granted endpoint: not always that of the policy under which the request came.
    [[nodiscard]] upstream::Backend& backend() const;
    // The head as this endpoint is to get it; empty where that is the client's.
    [[nodiscard]] std::string edited_head(const upstream::Endpoint& endpoint) const;
    [[nodiscard]] std::unique_ptr<upstream::Connection> take_idle(const upstream::Endpoint& endpoint);
    void give_back(std::unique_ptr<upstream::Connection> connection);
    // Processing it twice has no effect but its cost.
    [[nodiscard]] bool can_be_repeated() const;
    [[nodiscard]] net::task<std::unique_ptr<upstream::Connection>> connect(upstream::Endpoint& endpoint);
    // From the last byte of the request to the first of the answer.
    [[nodiscard]] Duration answer_timeout() const;
    Attempt refuse(Attempt attempt, Passed why);
    [[nodiscard]] Attempt failed(DispatchEnd end, const Dispatch& dispatch, upstream::Endpoint& endpoint);

    [[nodiscard]] net::task<void> relay(std::unique_ptr<upstream::Connection> connection, Dispatch& dispatch,
                                        Progress& progress);
    void broke_off(RelayEnd end, Settlement& settlement, upstream::Endpoint& endpoint, TimePoint heard_at);
    // Reports the failure to the client, within the stream if possible. False when only an abort can.
    [[nodiscard]] net::task<bool> tell_of_break(Relay& body, const Progress& progress);
    // The connection has become a WebSocket: serves it to its end.
    [[nodiscard]] net::task<void> tunnel(std::unique_ptr<upstream::Connection> connection, std::string_view first);

    Client& client_;
    ClientProbe& probe_;
    const Inbound& inbound_;
    const Caller& caller_;
    Upload& upload_;
    const Prompt& prompt_;
    Slot& slot_;
    Outcome& outcome_;
    const upstream::BackendConfig& config_;
    TimePoint total_deadline_;
    Passed why_;  // set when the last attempt failed
    Tries tries_;
    bool consumed_body_ = false;  // bytes of the body have been passed on and were not kept
};

}  // namespace weir::downstream

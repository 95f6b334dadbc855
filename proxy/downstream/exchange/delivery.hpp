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
    Delivery(Client& client, ClientProbe& probe, Inbound& inbound, Caller& caller, Upload& upload, Prompt& prompt,
             Slot& slot, Outcome& outcome);

    ~Delivery();
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;

    // Returns nothing once an answer was passed on and needs no addition.
    [[nodiscard]] net::task<Passed> run();

private:
    enum class Attempt : std::uint8_t {
        served,
        stale,         // an idle connection was closed before it read the request: use a fresh one
        lost,          // this endpoint failed: another may work
        paced,         // a provider's quota refused it: it has a new place with the judge, or why_ says why not
        do_not_retry,  // no other endpoint will work either
    };

    [[nodiscard]] net::task<Attempt> attempt();
    // After a failure: a slot for another try, on an endpoint of the backend or of a fallback.
    [[nodiscard]] net::task<Passed> find_slot();
    // To the endpoint that alone knows what the request is about, if there is one. Refused while that one is down.
    [[nodiscard]] Passed go_to_maker();
    // Makes head and body those for the backend of the slot.
    void address();
    // Whether an answer may wait for more of it, so that the request can still be sent elsewhere.
    [[nodiscard]] bool may_hold_answer() const;
    // Whether the failure of a try is one after which it may be sent again. Counts it if so.
    [[nodiscard]] bool may_try_again(upstream::TryCause cause, upstream::Endpoint& endpoint);
    // The same by the method and the number of tries alone.
    [[nodiscard]] bool may_be_repeated_now() const;
    // As may_try_again() for an answer, which is passed on unless there is another place to try.
    [[nodiscard]] bool may_try_elsewhere(int status, upstream::Endpoint& endpoint);
    // Whether another endpoint, or a fallback, is available.
    [[nodiscard]] bool is_another_place(const upstream::Endpoint& endpoint) const;
    [[nodiscard]] const upstream::BackendConfig& config() const { return caller_.route->backend->config(); }
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
    // What the answer's head says of its endpoint: of its health, and of its quota where that is learned. True when the
    // request was given back to the judge because of that quota.
    [[nodiscard]] bool heed(const http::ResponseHead& head, upstream::Endpoint& endpoint);
    [[nodiscard]] bool heed_quota(const http::ResponseHead& head);

    [[nodiscard]] net::task<void> relay(std::unique_ptr<upstream::Connection> connection, Dispatch& dispatch,
                                        Progress& progress);
    void broke_off(RelayEnd end, Settlement& settlement, upstream::Endpoint& endpoint, TimePoint heard_at);
    // Reports the failure to the client, within the stream if possible. False when only an abort can.
    [[nodiscard]] net::task<bool> tell_of_break(Relay& body, const Progress& progress);
    // The connection has become a WebSocket: serves it to its end.
    [[nodiscard]] net::task<void> tunnel(std::unique_ptr<upstream::Connection> connection, std::string_view first);

    Client& client_;
    ClientProbe& probe_;
    Inbound& inbound_;
    Caller& caller_;
    Upload& upload_;
    Prompt& prompt_;
    Slot& slot_;
    Outcome& outcome_;
    TimePoint total_deadline_;
    Passed why_;  // set when the last attempt failed
    Tries tries_;
    TryBudget::Part budget_;
    bool is_bound_ = false;       // to its endpoint, which alone knows what it is about
    bool unreachable_ = false;    // the last try had no connection
    bool consumed_body_ = false;  // bytes of the body have been taken and were not kept
};

}  // namespace weir::downstream

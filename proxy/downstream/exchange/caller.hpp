#pragma once
// The caller of a request: its class and where that goes, its dialect, and how its body is read.

#include <string>

#include "admission/classify/classifier.hpp"
#include "admission/judge.hpp"
#include "ai/api.hpp"
#include "base/dialect.hpp"
#include "downstream/client.hpp"
#include "downstream/exchange/body_intake.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/refusal.hpp"
#include "http/websocket.hpp"

namespace weir::downstream {

struct Caller {
    const Route* route = nullptr;  // in the client's routing; null: no class matches, or none was looked up
    Dialect dialect = Dialect::generic;
    ai::Api api = ai::Api::generic;
    admission::Ask ask;
    admission::OpenClasses open;  // classes that still depend on the body
    BodyForm body_form = BodyForm::unread;
    http::ContentCoding coding = http::ContentCoding::identity;  // of the body, which is decoded
    std::string form_type;                              // of a form: its Content-Type, which contains the boundary
    http::UpgradeAsk upgrade = http::UpgradeAsk::none;  // to WebSocket, where its backend supports it
    bool trusted = false;                               // the client is a trusted proxy
    EndpointId sticks_to = kNoEndpoint;                 // which alone knows what it is about

    [[nodiscard]] bool upgrades() const { return upgrade == http::UpgradeAsk::websocket; }
    // The connection can take another request afterwards. A client that asks for an upgrade may send frames at once:
    // what follows an answer other than 101 must never be read as a request.
    [[nodiscard]] bool keeps_alive(const Inbound& inbound) const {
        return inbound.keep_alive && upgrade == http::UpgradeAsk::none;
    }
    // Its answer describes a job, which takes over what the request holds.
    [[nodiscard]] bool starts_job(bool background) const {
        return api == ai::Api::videos || (api == ai::Api::responses && background);
    }
};

// Identifies the caller by the request's head. What the record needs goes into `outcome`.
[[nodiscard]] Caller identify(const Client& client, const Inbound& inbound, const http::RequestHead& head,
                              Outcome& outcome);
// The request belongs to that class after all.
void join(Caller& caller, ClassId cls, const Client& client, const Inbound& inbound, Outcome& outcome);
// Refuses what can be refused by its head alone.
[[nodiscard]] Passed screen(const Client& client, const Inbound& inbound, const Caller& caller,
                            const http::RequestHead& head);
// Writes the part of the backend's head that follows its host.
void write_head(const Client& client, Inbound& inbound, const Caller& caller, const http::RequestHead& head,
                Outcome& outcome);

}  // namespace weir::downstream

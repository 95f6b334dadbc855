#pragma once
// Who asks, and as what it counts: its class and where that goes, its dialect, how its body is read.

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
    const Route* route = nullptr;  // of the client's routing; null: no class matches, or it has not been looked for
    Dialect dialect = Dialect::generic;
    ai::Api api = ai::Api::generic;
    admission::Ask ask;
    admission::OpenClasses open;  // classes that the body still decides about
    BodyForm body_form = BodyForm::unread;
    http::ContentCoding coding = http::ContentCoding::identity;  // of the body, which is undone
    std::string form_type;  // of a form: its Content-Type, which names what is between its parts
    http::UpgradeAsk upgrade = http::UpgradeAsk::none;  // to WebSocket, where its backend speaks it
    bool trusted = false;                               // the client is a proxy that is trusted

    [[nodiscard]] bool upgrades() const { return upgrade == http::UpgradeAsk::websocket; }
    // The connection can take another request afterwards. Who asks for an upgrade may send frames at once: what follows
    // an answer that is no 101 must never be read as a request.
    [[nodiscard]] bool keeps_alive(const Inbound& inbound) const {
        return inbound.keep_alive && upgrade == http::UpgradeAsk::none;
    }
    // Its answer is a job's description: what the request holds is the job's from then on.
    [[nodiscard]] bool starts_job(bool background) const {
        return api == ai::Api::videos || (api == ai::Api::responses && background);
    }
};

// By its head. What the record is to know of it goes into `outcome`.
[[nodiscard]] Caller identify(const Client& client, const Inbound& inbound, const http::RequestHead& head,
                              Outcome& outcome);
// It is of that class after all.
void join(Caller& caller, ClassId cls, const Client& client, const Inbound& inbound, Outcome& outcome);
// Why it is refused by its head alone.
[[nodiscard]] Passed screen(const Client& client, const Inbound& inbound, const Caller& caller,
                            const http::RequestHead& head);
// Writes what the backend is to read of it behind its host.
void write_head(const Client& client, Inbound& inbound, const Caller& caller, const http::RequestHead& head,
                Outcome& outcome);

}  // namespace weir::downstream

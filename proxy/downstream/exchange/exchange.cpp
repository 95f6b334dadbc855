#include "downstream/exchange/exchange.hpp"

#include "ai/stored_object.hpp"
#include "downstream/exchange/answer.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/delivery.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/prompt.hpp"
#include "downstream/exchange/refusal_reply.hpp"
#include "downstream/exchange/slot.hpp"
#include "downstream/exchange/upload.hpp"

namespace weir::downstream {
namespace {

// The steps that need only the head: identifies the caller and refuses what can be refused.
Passed receive(Client& client, Inbound& inbound, Caller& caller, Slot& slot, const http::RequestHead& head,
               std::string_view bytes, Outcome& outcome) {
    if (inbound.is_preflight) return refused(Reason::preflight);
    caller = identify(client, inbound, head, outcome);
    if (Passed no = screen(client, inbound, caller, head)) return no;
    // After the checks above: a request refused for what it is must neither be answered "key in use" nor use up a key.
    const http::Field* key = head.fields.find(http::FieldId::idempotency_key);
    if (key != nullptr) {
        if (Passed no = slot.claim(caller, inbound.path(), key->value)) return no;
    }
    // Before the body is read, and before the backend's head is written.
    if (!inbound.is_whole(bytes) || client.worker.is_wary()) {
        if (Passed no = slot.refuse_early(caller)) return no;
    }
    write_head(client, inbound, caller, head, outcome);
    return nullptr;
}

}  // namespace

// Finds the endpoint that made what the request is about.
void stick(const Client& client, const Inbound& inbound, const Prompt& prompt, Caller& caller) {
    if (caller.route->sticky == nullptr) return;
    const std::string_view in_path = ai::stored_id(inbound.path());
    const std::string_view id = in_path.empty() ? std::string_view(prompt.stored_id()) : in_path;
    if (id.empty()) return;
    caller.sticks_to = caller.route->sticky->find(id, client.turn());
    if (caller.ask.bypasses_queue && caller.ask.endpoint == kNoEndpoint) caller.ask.endpoint = caller.sticks_to;
}

net::task<bool> serve(Client& client, const http::RequestHead& head, std::string_view bytes) {
    Inbound inbound(client, head);
    Outcome outcome(client, inbound);
    ClientProbe probe(client, inbound.minor_version);
    Caller caller;
    Upload upload(client, inbound, outcome);
    Slot slot(client, probe, outcome);
    Prompt prompt;
    Passed no = receive(client, inbound, caller, slot, head, bytes, outcome);
    const bool is_whole = inbound.is_whole(bytes);
    if (!no && is_whole && inbound.has_body()) no = upload.take(caller, bytes, prompt.facts());
    std::string(bytes).swap(client.inbox);  // what the head took is not kept while it is answered
    if (!no && !is_whole) no = co_await upload.read_ahead(inbound, caller, prompt.facts());
    if (!no) no = prompt.prepare(client, inbound, caller, upload, outcome);
    if (!no) stick(client, inbound, prompt, caller);
    if (!no) no = slot.arrive(caller);
    if (!no && slot.waits()) no = co_await slot.wait(caller);
    if (!no) {
        Delivery delivery(client, probe, inbound, caller, upload, prompt, slot, outcome);
        no = co_await delivery.run();
    }
    if (no) {
        slot.finish();
        co_await refuse(client, inbound, caller, upload, *no, outcome);
    }
    co_return outcome.keep_open;
}

net::task<bool> refuse_malformed(Client& client, Reason reason, std::string_view detail) {
    const Inbound inbound(client);
    Outcome outcome(client, inbound);
    const Caller caller;
    Upload upload(client, inbound, outcome);
    co_await refuse(client, inbound, caller, upload, {reason, detail}, outcome);
    co_return outcome.keep_open;
}

}  // namespace weir::downstream

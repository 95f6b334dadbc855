#include "downstream/exchange/exchange.hpp"

#include "downstream/exchange/answer.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/delivery.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/prompt.hpp"
#include "downstream/exchange/refusal_reply.hpp"
#include "downstream/exchange/slot.hpp"
#include "downstream/exchange/upload.hpp"
#include "downstream/transfer/framing.hpp"

namespace weir::downstream {
namespace {

// Ends the head for the backend with the framing of its body.
void end_head(Inbound& inbound, Upload& upload) {
    SegmentedText& body = upload.body();
    if (!upload.done()) {
        http::end_request_head({inbound.framing, inbound.content_length}, inbound.head);
        // What was read ahead of a chunked body goes as a chunk of its own.
        if (inbound.framing == http::Framing::chunked && !body.empty()) {
            inbound.head.append(ChunkSize(body.size()).text());
            body.append("\r\n");
        }
        return;
    }
    // A body that is all here goes with its length, however it came. Methods that usually have one say so when it is
    // empty (RFC 9110 section 8.6).
    const std::string_view method = inbound.method();
    const bool usual = method == "POST" || method == "PUT" || method == "PATCH";
    const bool has_length = inbound.has_body() || usual;
    http::end_request_head({has_length ? http::Framing::length : http::Framing::none, body.size()}, inbound.head);
}

// What can be said of it by its head: who asks, and whether that is refused.
Passed receive(Client& client, Inbound& inbound, Caller& caller, Slot& slot, const http::RequestHead& head,
               std::string_view bytes, Outcome& outcome) {
    if (inbound.is_preflight) return refused(Reason::preflight);
    caller = identify(client, inbound, head, outcome);
    if (Passed no = screen(client, inbound, caller, head)) return no;
    // Not before: a key in use says nothing of a request that is refused for what it is, and that one uses no key up.
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

net::task<bool> serve(Client& client, const http::RequestHead& head, std::string_view bytes) {
    Inbound inbound(client, head);
    Outcome outcome(client, inbound);
    Presence presence(client, inbound.minor_version);
    Caller caller;
    Upload upload(client, inbound, outcome);
    Slot slot(client, presence, outcome);
    Prompt prompt;
    Passed no = receive(client, inbound, caller, slot, head, bytes, outcome);
    const bool is_whole = inbound.is_whole(bytes);
    if (!no && is_whole && inbound.has_body()) no = upload.take(caller, bytes, prompt.facts());
    std::string(bytes).swap(client.inbox);  // what the head took is not kept while it is answered
    if (!no && !is_whole) no = co_await upload.read_ahead(inbound, caller, prompt.facts());
    if (!no) no = prompt.prepare(client, inbound, caller, upload, outcome);
    if (!no) end_head(inbound, upload);
    if (!no) no = slot.arrive(caller);
    if (!no && slot.waits()) no = co_await slot.wait();
    if (!no) {
        Delivery delivery(client, presence, inbound, caller, upload, prompt, slot, outcome);
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

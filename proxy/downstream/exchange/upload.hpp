#pragma once
// A request's body on its way in: the part that has arrived, and the memory that it occupies.

#include <cstdint>
#include <string_view>

#include "ai/request_facts.hpp"
#include "base/segmented_text.hpp"
#include "downstream/buffer_lease.hpp"
#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/refusal.hpp"
#include "http/body.hpp"

namespace weir::downstream {

class Upload {
public:
    // REQUIRES: `client` and `outcome` outlive it.
    Upload(Client& client, const Inbound& inbound, Outcome& outcome)
        : client_(client), outcome_(outcome), reader_(inbound.framing, inbound.content_length), lease_(client.worker) {}
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // Takes the body from the front of `bytes` if it is complete there. `facts` becomes what it asks for.
    [[nodiscard]] Passed take(const Caller& caller, std::string_view& bytes, ai::RequestFacts& facts);
    // Reads it as it arrives: all of it if it is scanned, otherwise as much as may be held while the request queues.
    [[nodiscard]] net::task<Passed> read_ahead(const Inbound& inbound, const Caller& caller, ai::RequestFacts& facts);
    // Passes over what is still to come, so that the next request can be found. False when it does not come in time.
    [[nodiscard]] net::task<bool> drain(TimePoint deadline);

    [[nodiscard]] SegmentedText& body() { return body_; }
    [[nodiscard]] http::BodyReader& reader() { return reader_; }
    // The body is complete, or there is none.
    [[nodiscard]] bool done() const { return reader_.done(); }
    // The client had asked whether to send the body, and was answered 100.
    [[nodiscard]] bool continued() const { return continued_; }
    // Updates the count of the memory that the body occupies.
    void count() { lease_.resize(body_.capacity()); }
    // The body is no longer needed: its memory can be reused.
    void let_go();

private:
    [[nodiscard]] BodyIntake::Plan plan(const Caller& caller) const;
    [[nodiscard]] Passed add(BodyIntake& intake, const Caller& caller, std::string_view& bytes);
    // The same for bytes that were read early.
    [[nodiscard]] Passed add_inbox(BodyIntake& intake, const Caller& caller);
    [[nodiscard]] std::uint64_t bound(const BodyIntake& intake, const Caller& caller) const;

    Client& client_;
    Outcome& outcome_;
    http::BodyReader reader_;
    SegmentedText body_;
    BufferLease lease_;  // of body_
    bool continued_ = false;
};

}  // namespace weir::downstream

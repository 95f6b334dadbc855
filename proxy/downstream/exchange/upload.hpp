#pragma once
// A request's body on its way in: what is here of it, and the memory that it occupies.

#include <cstdint>
#include <string_view>

#include "ai/request_facts.hpp"
#include "base/segmented_text.hpp"
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
        : client_(client), outcome_(outcome), reader_(inbound.framing, inbound.content_length) {}
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    // Takes the body from the front of `bytes`, where all of it is there. `facts`: what it asks for.
    [[nodiscard]] Passed take(const Caller& caller, std::string_view& bytes, ai::RequestFacts& facts);
    // Takes it as it comes, of one that is read all, else so much as is kept while others are served first.
    [[nodiscard]] net::task<Passed> read_ahead(const Inbound& inbound, const Caller& caller, ai::RequestFacts& facts);
    // Passes over what is still to come, so that the next request can be found. False when it does not come in time.
    [[nodiscard]] net::task<bool> drain(TimePoint deadline);

    [[nodiscard]] SegmentedText& body() { return body_; }
    [[nodiscard]] http::BodyReader& reader() { return reader_; }
    // All of it is here, or there is none.
    [[nodiscard]] bool done() const { return reader_.done(); }
    // The client, which had asked, has been told to send it.
    [[nodiscard]] bool continued() const { return continued_; }
    // Counts what the body occupies now.
    void count() { hold(body_.capacity()); }
    // It will not be needed any more: its room may serve another.
    void let_go();

private:
    [[nodiscard]] BodyIntake::Plan plan(const Caller& caller) const;
    [[nodiscard]] Passed add(BodyIntake& intake, const Caller& caller, std::string_view& bytes);
    // The same with what has come before its turn.
    [[nodiscard]] Passed add_inbox(BodyIntake& intake, const Caller& caller);
    [[nodiscard]] std::uint64_t bound(const BodyIntake& intake, const Caller& caller) const;
    void hold(std::size_t bytes);

    Client& client_;
    Outcome& outcome_;
    http::BodyReader reader_;
    SegmentedText body_;
    std::size_t held_ = 0;  // in the process's count of buffered bytes
    bool continued_ = false;
};

}  // namespace weir::downstream

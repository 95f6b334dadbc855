#pragma once
// One request, from its head to its last byte: the life of a request as ARCHITECTURE.md tells it.
//
//   begin       who is it, which class; the head for the backend is written while the client's can still be read
//   refuse      early, before the body, when the judge is certain
//   read_body   up to a bound, so that whoever waits in line holds nothing upstream
//   take_place  contract, line; wait for the verdict
//   serve       dispatch, relay; once more on another endpoint where that does no harm
//   settle      what it holds is given back as soon as the answer is here, before its client has the last byte

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "ai/rate_fields.hpp"
#include "ai/request_facts.hpp"
#include "ai/rewrite.hpp"
#include "base/segmented_text.hpp"
#include "downstream/body_intake.hpp"
#include "downstream/client_link.hpp"
#include "downstream/dispatch.hpp"
#include "downstream/idempotency.hpp"
#include "downstream/presence.hpp"
#include "downstream/progress.hpp"
#include "downstream/relay.hpp"
#include "downstream/repeatable.hpp"
#include "downstream/reply.hpp"
#include "downstream/request_id.hpp"
#include "downstream/shared_judge.hpp"
#include "http/body.hpp"
#include "http/forward.hpp"
#include "http/head.hpp"
#include "telemetry/record.hpp"

namespace weir::downstream {

class Exchange {
public:
    explicit Exchange(ClientLink& link);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Takes all it needs from the head, and the body if all of it follows in `bytes`; both may be gone after the next
    // wait. What is left of `bytes`.
    [[nodiscard]] std::string_view begin(const http::RequestHead& head, std::string_view bytes);
    // For bytes that are not a request.
    void begin_malformed(const http::ParseResult& fault);

    // Serves or refuses. True when the connection can take another request.
    [[nodiscard]] net::task<bool> run();

private:
    static constexpr std::uint64_t kMaxTokens = std::numeric_limits<std::int32_t>::max();

    enum class Attempt : std::uint8_t {
        served,    // an answer was passed on; nothing is left to say
        stale,     // a connection that had lain idle was closed before it read the request: a fresh one will do
        lost,      // this endpoint failed: another may do
        hopeless,  // refuse() says why
    };

    class AnswerEnd;

    void identify(const http::RequestHead& head);
    void join(ClassId cls);
    void resolve_class(bool unknown);
    // Applies the class's `degrade` rules that hold now; it may go to another backend afterwards.
    void degrade(ai::Rewrite& rewrite);
    // The place in the engine's own queue that its class has, or none of the caller's choosing.
    void tell_priority(ai::Rewrite& rewrite) const;
    // The request asks for a tier, and its class names the one that counts.
    [[nodiscard]] bool overrides_tier() const;
    // Lets the engine know that one, so that what its answer says of the tier is true.
    void tell_tier(ai::Rewrite& rewrite) const;
    // False, and the request refused, where another one is in flight with it.
    [[nodiscard]] bool note_idempotency_key(std::string_view key);
    void read_upgrade(const http::RequestHead& head);
    void write_head(const http::RequestHead& head);
    [[nodiscard]] bool reads_answer() const;
    void note_trace(std::string_view traceparent);
    [[nodiscard]] bool refuse_by_head(const http::RequestHead& head);
    [[nodiscard]] bool certainly_refused();
    void begin_body(const http::RequestHead& head, std::string_view& bytes);
    [[nodiscard]] BodyIntake::Plan intake_plan() const;
    [[nodiscard]] net::task<bool> read_body();
    [[nodiscard]] bool take_from_inbox(BodyIntake& intake);
    void read_asked(ai::RequestFacts facts);
    [[nodiscard]] std::uint32_t prompt_tokens() const;
    [[nodiscard]] std::uint32_t media_tokens() const;
    void rewrite_body();
    void note_model();
    // False where what it asks for cannot be priced.
    [[nodiscard]] bool estimate_output();
    [[nodiscard]] ai::RateFields rate_fields() const;
    [[nodiscard]] bool take_body(BodyIntake& intake, std::string_view& bytes);
    [[nodiscard]] std::uint64_t body_bound(const BodyIntake& intake) const;
    [[nodiscard]] std::uint64_t memory_share() const;
    void end_head();
    [[nodiscard]] admission::Standing take_place();
    [[nodiscard]] net::task<void> wait_in_line();
    [[nodiscard]] net::task<bool> requeue();
    // Of the endpoint that the judge has granted: not always one of the policy's under which the request came.
    [[nodiscard]] upstream::Backend& backend() const;
    [[nodiscard]] net::task<bool> serve();
    [[nodiscard]] net::task<Attempt> try_endpoint();
    [[nodiscard]] std::unique_ptr<upstream::Connection> take_idle(const upstream::Endpoint& endpoint);
    void give_back(std::unique_ptr<upstream::Connection> connection);
    // From the last byte of the request to the first of the answer.
    [[nodiscard]] Duration answer_timeout() const;
    // Nothing but its cost comes of its being processed twice.
    [[nodiscard]] bool can_be_repeated() const;
    [[nodiscard]] net::task<std::unique_ptr<upstream::Connection>> connect(upstream::Endpoint& endpoint);
    [[nodiscard]] net::task<void> relay(std::unique_ptr<upstream::Connection> connection, Dispatch& dispatch,
                                        Progress& progress);
    // The connection has become a WebSocket: serves it to its end.
    [[nodiscard]] net::task<void> tunnel(std::unique_ptr<upstream::Connection> connection, std::string_view first);
    [[nodiscard]] http::OutboundFraming plan_answer(const http::ResponseHead& head, bool keeps_length);
    [[nodiscard]] std::string write_answer_head(const http::ResponseHead& head,
                                                const http::OutboundFraming& framing) const;
    // All of the answer is here: what the request holds is given back while its client may still be reading.
    void settle(const Progress& progress);
    // The answer broke off: tells the client, in the stream where that can be done. False when only an abort can.
    [[nodiscard]] net::task<bool> break_off(Relay& body, const Progress& progress);
    [[nodiscard]] bool is_event_stream(const http::ResponseHead& head) const;
    [[nodiscard]] Reading reading_of(const http::ResponseHead& head) const;
    void note_tokens(const Progress& progress, bool whole);
    void note_job(const Progress& progress);
    // A response that goes on in the background though its stream has broken off.
    void note_streamed_job(const Progress& progress);
    [[nodiscard]] bool is_job() const;
    void pass_beside_line();
    [[nodiscard]] net::task<void> refuse();
    [[nodiscard]] net::task<bool> finish_request_body();

    // Notes why the request ends here; refuse() says it to the client.
    void fail(Reason reason, std::string_view detail = {});
    void fail_from(const admission::Decision& decision);
    void note_shadow();
    void note_gate(const admission::Decision& decision);
    void fail_from(DispatchEnd end, upstream::Endpoint& endpoint, TimePoint since);
    void fail_from(RelayEnd end, const Progress& progress, upstream::Endpoint& endpoint, TimePoint heard_at);
    void release();
    void tell_record();
    void hold(std::size_t bytes);
    [[nodiscard]] std::string_view method() const { return std::string_view(head_).substr(0, method_size_); }
    [[nodiscard]] std::string_view path() const { return std::string_view(head_).substr(method_size_ + 1, path_size_); }

    ClientLink& link_;
    const Route* route_ = nullptr;  // of link_.routing
    Ticket ticket_;
    Presence presence_;
    telemetry::Record record_;

    // what is known of the request
    RequestId request_id_;
    std::array<char, 32> trace_id_;
    std::string head_;  // for the backend, in two halves around the endpoint's name
    std::size_t host_at_ = 0;
    std::size_t method_size_ = 0;
    std::size_t path_size_ = 0;
    SegmentedText body_;
    http::BodyReader body_reader_;
    http::Framing framing_ = http::Framing::none;
    std::uint64_t content_length_ = 0;
    ai::RequestFacts facts_;      // of the body as it came
    std::array<char, 64> model_;  // its beginning, for the log
    std::string form_type_;       // Content-Type of a form: it names what is between its parts
    Dialect dialect_ = Dialect::generic;
    int minor_version_ = 1;
    bool keep_alive_ = false;
    bool expects_continue_ = false;
    bool upgrades_ = false;  // to WebSocket
    bool trusted_ = false;   // the client is a proxy that is trusted
    BodyForm body_form_ = BodyForm::unread;
    http::ContentCoding coding_ = http::ContentCoding::identity;  // of the body, which is undone
    admission::OpenClasses open_;                                 // classes that the body still decides about
    bool close_after_ = false;    // the connection ends after the answer that is being passed on
    bool keep_open_ = false;      // what run() returns
    bool asked_usage_ = false;    // of the stream, in the client's place
    bool consumed_body_ = false;  // bytes of the body have been passed on and are not here any more

    std::string cors_fields_;                               // lines of every answer; empty: the listener has no `cors`
    std::string degraded_;                                  // the rules that were applied
    std::string_view degraded_tier_;                        // what they made of the request's tier; of the policy
    std::optional<IdempotencyKeys::Hash> idempotency_key_;  // that is in flight with it

    // what became of it
    Reason reason_ = Reason::admitted;
    std::string_view detail_;
    Duration retry_after_{};
    admission::Ask ask_;
    TimePoint arrived_;
    TimePoint total_deadline_ = TimePoint::max();
    Duration waited_{};     // for others, before dispatch: body, line, connect
    std::size_t held_ = 0;  // bytes in the process's count of buffered bytes
    Tries tries_;
};

}  // namespace weir::downstream

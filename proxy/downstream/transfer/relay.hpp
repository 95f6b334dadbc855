#pragma once
// Passes an answer's body from the endpoint to the client.
//
// Content is passed on from where it was read, in one gather write with its new framing. What the client does not
// accept is kept, and nothing more is read until it is sent: a client that does not read costs one read's worth of
// memory, and TCP slows the endpoint down.

#include <array>
#include <string>
#include <string_view>

#include "downstream/buffer_lease.hpp"
#include "downstream/client.hpp"
#include "downstream/transfer/client_probe.hpp"
#include "downstream/transfer/event_tail.hpp"
#include "downstream/transfer/progress.hpp"
#include "http/body.hpp"
#include "upstream/backend.hpp"
#include "upstream/connection.hpp"

namespace weir::downstream {

enum class RelayEnd : std::uint8_t {
    complete,         // the endpoint's last byte has arrived; unsent() may hold some bytes
    backend_died,     // it ended before its answer did
    backend_stalled,  // nothing came for the endpoint's idle time-out
    overdue,          // the request as a whole took too long
    client_gone,
    client_stalled,  // the client read nothing for its write time-out
    evicted,         // preempted for a better class
};

class Relay {
public:
    // Notified of the answer's end before the client is.
    class Observer {
    public:
        virtual ~Observer() = default;
        // The whole answer has arrived, and its last bytes have not been sent. What the request holds is given back
        // now: a client that has its answer may send another request at once, through another worker.
        virtual void answer_is_in() = 0;
    };

    struct Options {
        bool chunked_out = false;                // the framing towards the client
        bool event_stream = false;               // not compressed: its events can be counted, and one can be added
        upstream::Endpoint* endpoint = nullptr;  // notified whenever bytes come from it
        upstream::Backend* backend = nullptr;    // notified when the content begins; null: it is no good answer
        Duration idle_timeout{};                 // of the endpoint
        TimePoint total_deadline{};
    };

    // `head` goes out with the first content.
    Relay(Client& client, ClientProbe& probe, Progress& progress, Observer& observer, net::ByteStream& upstream,
          http::BodyReader body, std::string head, const Options& options);

    // `first` is what followed the answer's head; it is used before anything is awaited.
    [[nodiscard]] net::task<RelayEnd> run(std::string_view first);

    // What must still be sent to the client after `complete`.
    [[nodiscard]] std::string_view unsent() const { return unsent_; }
    // After any other end: whether a final event can still reach the client, which takes an event stream in chunks.
    [[nodiscard]] bool can_add_event() const { return options_.event_stream && options_.chunked_out; }
    // The content passed on so far ends within an event.
    [[nodiscard]] bool within_event() const { return tail_.within_event(); }
    // Adds `content` to what will be sent, as a chunk that is not the last. REQUIRES: can_add_event().
    void add(std::string_view content);
    // When the endpoint's last bytes came.
    [[nodiscard]] TimePoint heard_at() const { return heard_at_; }
    // Bytes followed the end of the body: the endpoint's connection cannot be reused.
    [[nodiscard]] bool excess() const { return excess_; }
    [[nodiscard]] std::uint64_t content_bytes() const { return body_.content_bytes(); }
    // When the first content was passed on; TimePoint{} before.
    [[nodiscard]] TimePoint first_content() const { return first_content_; }

private:
    static constexpr std::size_t kMaxSlices = UsageFilter::Passed::kMaxSlices;

    // Takes bytes of the endpoint. False when their framing is broken.
    bool push(std::string_view bytes);
    // Passes content to the client, as it reads there: without the usage chunk that only Weir asked for, and with the
    // model's name that it knows.
    void pass(std::span<const std::string_view> slices);
    void write(std::span<const std::string_view> slices);
    void end_at_close();
    void keep(std::span<const iovec> parts, std::size_t sent);
    void flush();
    [[nodiscard]] std::string_view probe() const;

    Client& client_;
    ClientProbe& probe_;
    Progress& progress_;
    Observer& observer_;
    net::ByteStream& upstream_;
    http::BodyReader body_;
    std::string unsent_;
    BufferLease lease_;  // of unsent_
    Options options_;
    TimePoint first_content_{};
    TimePoint heard_at_{};  // the last time that the endpoint sent something
    TimePoint sent_at_{};   // the last time that the client accepted something
    EventTail tail_;
    bool excess_ = false;
    bool client_failed_ = false;
};

}  // namespace weir::downstream

#pragma once
// Sends a request to an endpoint, up to the head of the answer.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/segmented_text.hpp"
#include "downstream/client.hpp"
#include "downstream/transfer/client_probe.hpp"
#include "downstream/transfer/progress.hpp"
#include "downstream/transfer/upload_pace.hpp"
#include "http/body.hpp"
#include "http/head.hpp"
#include "http/partial_head.hpp"
#include "upstream/connection.hpp"

namespace weir::downstream {

// What is sent, in order. The views outlive the dispatch.
struct OutboundRequest {
    std::string_view before_host;
    std::string_view host;
    std::string_view after_host;
    const SegmentedText* body = nullptr;          // the part of it that is already here
    http::BodyReader* rest = nullptr;             // the rest, which is still at the client; null: nothing
    http::Framing framing = http::Framing::none;  // how `rest` is passed on
    bool to_head = false;
    bool upgrades = false;  // to WebSocket: a 101 is a final answer
    // The answer counts once there is something of its content; a short one that comes whole, once it is complete.
    bool holds_answer = false;
};

enum class DispatchEnd : std::uint8_t {
    answered,      // the head of the answer is in worker.response_head(), and rest() may be empty
    stale,         // a reused connection was closed without a byte of an answer: not the endpoint's fault
    reset,         // closed or broken before it answered
    bad_response,  // the answer is not HTTP
    timed_out,     // no answer in time, or not enough of it
    overdue,       // the request as a whole took too long
    client_gone,
    bad_body,  // the client's body broke its framing
    body_too_large,
    body_timed_out,  // the client stopped sending
    evicted,         // preempted for a better class
};

class Dispatch {
public:
    Dispatch(Client& client, ClientProbe& probe, const Progress& progress, upstream::Connection& connection,
             const OutboundRequest& request, const upstream::TimeoutConfig& timeouts, Duration answer_timeout,
             TimePoint total_deadline, int client_minor_version);

    // Sends the request and waits for the final head; interim ones (103) are passed on.
    [[nodiscard]] net::task<DispatchEnd> run();

    // The bytes after the head. Valid, like the head's own views, until the next wait.
    [[nodiscard]] std::string_view rest() const { return answer_.rest; }
    // Bytes of the client's body were taken and not kept, sent or not: the request cannot be sent again.
    [[nodiscard]] bool consumed_body() const { return rest_.consumed; }
    // After `stale` or `reset`: the endpoint cannot have read the whole request.
    [[nodiscard]] bool certainly_unprocessed() const { return !answer_.begun && (!sent_all() || closed_unread_); }
    // After a time-out: the instant since which only the endpoint could cause the delay.
    [[nodiscard]] TimePoint waited_since() const {
        if (answer_.heard_at) return *answer_.heard_at;
        return sent_all() ? deadlines_.answer - answer_timeout_ : deadlines_.taken - timeouts_.idle;
    }
    // The whole request was sent before the answer came: the connection can be reused.
    [[nodiscard]] bool sent_all() const;

private:
    enum class Step : std::uint8_t { idle, progress, ended };

    Step send();
    [[nodiscard]] std::size_t fixed_size() const;
    Step send_fixed();
    void begin_rest();
    Step send_rest();
    [[nodiscard]] bool rest_is_sent() const;
    Step written(const net::IoResult& result);
    Step receive();
    Step parse(std::string_view bytes);
    Step end(DispatchEnd how);
    [[nodiscard]] bool queue_inbox();
    void queue_content(std::string_view content, bool last);
    [[nodiscard]] std::size_t missing(const http::ResponseHead& head) const;
    Step hold(std::string_view begun, std::size_t missing);
    void wait_for_more();
    void relay_interim(const http::ResponseHead& head);

    struct Deadlines {
        TimePoint total;
        TimePoint answer = TimePoint::max();  // from the last request byte
        TimePoint body = TimePoint::max();    // of the client's next body byte
        TimePoint taken = TimePoint::max();   // of the endpoint's taking more, while it takes nothing

        [[nodiscard]] TimePoint next() const { return std::min({total, answer, body, taken}); }
    };
    // What of the body is still at the client, on its way.
    struct Rest {
        std::string chunk_size;            // the line before the part of a chunked body that is here
        std::unique_ptr<UploadPace> pace;  // once it is its turn
        TimePoint blocked_at{};            // since when the endpoint has not taken what is queued
        std::string queued;                // framed content that did not go yet
        bool consumed = false;             // bytes of it were taken from the client, and are not kept
    };
    struct Answer {
        http::PartialHead partial;  // in the inbox
        std::string inbox;          // a head's beginning
        std::string_view rest;      // what came behind the head
        bool begun = false;         // any byte of it has come
        // Of an answer that is held: when its last bytes came, and the size of the inbox at which it is read once more.
        std::optional<TimePoint> heard_at;
        std::size_t wanted = 0;
    };

    Client& client_;
    ClientProbe& probe_;
    const Progress& progress_;
    upstream::Connection& connection_;
    const OutboundRequest& request_;
    const upstream::TimeoutConfig& timeouts_;
    Duration answer_timeout_;
    Deadlines deadlines_;
    Rest rest_;
    Answer answer_;
    std::size_t sent_ = 0;  // of the fixed parts together
    int client_minor_version_;
    DispatchEnd end_ = DispatchEnd::reset;
    bool closed_unread_ = false;  // the endpoint closed before it had received the last bytes
};

}  // namespace weir::downstream

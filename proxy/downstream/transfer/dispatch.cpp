#include "downstream/transfer/dispatch.hpp"

#include <algorithm>
#include <array>

#include "downstream/transfer/framing.hpp"
#include "downstream/worker_context.hpp"
#include "http/forward.hpp"
#include "http/websocket.hpp"
#include "net/socket.hpp"

namespace weir::downstream {
namespace {

using net::as_part;
using net::IoStatus;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr int kRoundsPerTurn = 8;
constexpr std::string_view kChunkEnd = "\r\n";
// The longest answer that is passed on only once it is complete.
constexpr std::uint64_t kHeldBytes = kReadBytes;
constexpr http::HeadLimits kResponseLimits{.bytes = 64 * 1024, .fields = 200, .target = 64 * 1024};

}  // namespace

Dispatch::Dispatch(Client& client, ClientProbe& probe, const Progress& progress, upstream::Connection& connection,
                   const OutboundRequest& request, const upstream::TimeoutConfig& timeouts, Duration answer_timeout,
                   TimePoint total_deadline, int client_minor_version)
    : client_(client),
      probe_(probe),
      progress_(progress),
      connection_(connection),
      request_(request),
      timeouts_(timeouts),
      answer_timeout_(answer_timeout),
      deadlines_{.total = total_deadline},
      client_minor_version_(client_minor_version) {
    // The part of a chunked body that is here is a chunk of its own.
    if (request.rest != nullptr && request.framing == http::Framing::chunked && !request.body->empty()) {
        rest_.chunk_size = ChunkSize(request.body->size()).text();
    }
}

net::task<DispatchEnd> Dispatch::run() {
    connection_.stream().source().set_waker(&client_.waker);
    for (int round = 1;; ++round) {
        const Step sent = send();
        if (sent == Step::ended) co_return end_;
        const Step received = receive();
        if (received == Step::ended) co_return end_;
        if (probe_.gone(ClientProbe::kInterim)) co_return DispatchEnd::client_gone;
        if (progress_.cut()) co_return DispatchEnd::evicted;
        if (sent == Step::progress || received == Step::progress) {
            // A fast upload must not starve the other connections.
            if (round % kRoundsPerTurn == 0) co_await client_.waker.yield();
            continue;
        }
        const TimePoint now = client_.turn();
        if (now >= deadlines_.total) co_return DispatchEnd::overdue;
        if (now >= deadlines_.answer || now >= deadlines_.taken) co_return DispatchEnd::timed_out;
        if (now >= deadlines_.body) co_return DispatchEnd::body_timed_out;
        client_.timer.set(deadlines_.next());
        co_await client_.waker.wait();
    }
}

bool Dispatch::rest_is_sent() const {
    return request_.rest == nullptr || (request_.rest->done() && rest_.queued.empty());
}

bool Dispatch::sent_all() const { return deadlines_.answer != TimePoint::max(); }

Dispatch::Step Dispatch::end(DispatchEnd how) {
    end_ = how;
    return Step::ended;
}

Dispatch::Step Dispatch::send() {
    if (sent_all()) return Step::idle;
    const std::size_t fixed = fixed_size();
    if (sent_ < fixed) {
        const Step step = send_fixed();
        if (step != Step::progress || sent_ < fixed) return step;
        if (request_.rest != nullptr) begin_rest();
    }
    if (!rest_is_sent()) {
        const Step step = send_rest();
        // What has gone is known to have gone before anything is read: a failure from here on may be of a whole
        // request.
        if (step != Step::progress || !rest_is_sent()) return step;
    }
    deadlines_.answer = client_.turn() + answer_timeout_;
    deadlines_.body = TimePoint::max();
    return Step::progress;
}

std::size_t Dispatch::fixed_size() const {
    const std::size_t chunk_framing = rest_.chunk_size.empty() ? 0 : rest_.chunk_size.size() + kChunkEnd.size();
    return request_.before_host.size() + request_.host.size() + request_.after_host.size() + request_.body->size() +
           chunk_framing;
}

// Sends the parts of the request that are here, from where the last write ended; of a long body as many segments as fit
// into one call.
Dispatch::Step Dispatch::send_fixed() {
    std::array<iovec, 16> parts;
    std::size_t count = 0;
    std::size_t skip = sent_;
    const auto add = [&](std::string_view part) {
        const std::size_t skipped = std::min(skip, part.size());
        skip -= skipped;
        if (skipped < part.size() && count < parts.size()) parts[count++] = as_part(part.substr(skipped));
    };
    add(request_.before_host);
    add(request_.host);
    add(request_.after_host);
    add(rest_.chunk_size);
    for (std::size_t i = 0; i < request_.body->segments() && count < parts.size(); ++i) add(request_.body->segment(i));
    if (!rest_.chunk_size.empty()) add(kChunkEnd);
    const net::IoResult result = connection_.stream().try_write(std::span(parts).first(count));
    sent_ += result.bytes;
    return written(result);
}

// Handles the result of a write. An endpoint that refuses the body may have answered before it closed: receive() finds
// out.
Dispatch::Step Dispatch::written(const net::IoResult& result) {
    if (result.status == IoStatus::ok) {
        deadlines_.taken = TimePoint::max();
        return Step::progress;
    }
    if (deadlines_.taken == TimePoint::max()) deadlines_.taken = client_.turn() + timeouts_.idle;
    return Step::idle;
}

// From here on it is the client's turn: what the endpoint took to take the beginning is not the client's delay.
void Dispatch::begin_rest() {
    rest_.pace = std::make_unique<UploadPace>(client_.limits(), client_.turn());
    deadlines_.body = rest_.pace->deadline();
}

Dispatch::Step Dispatch::send_rest() {
    if (rest_.queued.empty()) {
        if (client_.inbox.empty()) {
            const IoStatus status = client_.read_more(kReadBytes);
            if (status == IoStatus::eof || status == IoStatus::failed) return end(DispatchEnd::client_gone);
            if (status == IoStatus::would_block) return Step::idle;
        }
        if (!queue_inbox()) return end(DispatchEnd::bad_body);
        if (request_.rest->content_bytes() > client_.limits().body_bytes) return end(DispatchEnd::body_too_large);
        deadlines_.body = rest_.pace->deadline();
        if (rest_.queued.empty()) return Step::progress;
        rest_.blocked_at = client_.turn();
    }
    // While the endpoint accepts nothing, the client cannot send: that is not the client's delay.
    deadlines_.body = TimePoint::max();
    const iovec part = as_part(rest_.queued);
    const net::IoResult result = connection_.stream().try_write({&part, 1});
    rest_.queued.erase(0, result.bytes);
    if (rest_.queued.empty()) {
        const TimePoint now = client_.turn();
        rest_.pace->excuse(now - rest_.blocked_at, now);
        deadlines_.body = rest_.pace->deadline();
    }
    return written(result);
}

// Removes the framing of everything received, in one go: a client's chunks may be a byte each. False when it is broken.
bool Dispatch::queue_inbox() {
    std::string_view bytes = client_.inbox;
    std::string content;
    while (!bytes.empty() && !request_.rest->done()) {
        const http::BodyReader::Piece piece = request_.rest->next(bytes);
        if (piece.failed) return false;
        bytes.remove_prefix(piece.consumed);
        content.append(piece.content);
    }
    rest_.consumed |= bytes.size() < client_.inbox.size();
    rest_.pace->took(client_.inbox.size() - bytes.size(), client_.turn());
    client_.inbox.erase(0, client_.inbox.size() - bytes.size());
    queue_content(content, request_.rest->done());
    return true;
}

void Dispatch::queue_content(std::string_view content, bool last) {
    if (request_.framing != http::Framing::chunked) {
        rest_.queued.append(content);
        return;
    }
    if (!content.empty()) {
        rest_.queued.append(ChunkSize(content.size()).text()).append(content).append(kChunkEnd);
    }
    if (last) rest_.queued.append(kLastChunk);
}

Dispatch::Step Dispatch::receive() {
    const std::span<char> scratch = client_.worker.loop().scratch();
    const net::IoResult result = connection_.stream().try_read(scratch.first(kReadBytes));
    switch (result.status) {
        case IoStatus::would_block: return Step::idle;
        case IoStatus::eof:
            // A peer that closes after it has read has acknowledged what it read, at the latest with the close.
            closed_unread_ = net::unacknowledged_bytes(connection_.stream().source().fd()) > 0;
            [[fallthrough]];
        case IoStatus::failed:
            return end(connection_.reused() && !answer_.begun ? DispatchEnd::stale : DispatchEnd::reset);
        case IoStatus::ok: break;
    }
    answer_.begun = true;
    const std::string_view bytes(scratch.data(), result.bytes);
    if (answer_.inbox.empty()) return parse(bytes);
    answer_.inbox.append(bytes);
    if (answer_.heard_at) {
        wait_for_more();
        return answer_.inbox.size() >= answer_.wanted ? parse(answer_.inbox) : Step::progress;
    }
    return answer_.partial.is_worth_reading(answer_.inbox, kResponseLimits.bytes) ? parse(answer_.inbox)
                                                                                  : Step::progress;
}

Dispatch::Step Dispatch::parse(std::string_view bytes) {
    http::ResponseHead& head = client_.worker.response_head();
    for (;;) {
        const http::ParseResult parsed = http::parse_response(bytes, kResponseLimits, request_.to_head, head);
        if (parsed.status == http::ParseStatus::refused) return end(DispatchEnd::bad_response);
        if (parsed.status == http::ParseStatus::need_more) {
            answer_.inbox = std::string(bytes);
            answer_.partial = {};
            (void)answer_.partial.is_worth_reading(answer_.inbox, kResponseLimits.bytes);  // it has just been read
            return Step::progress;
        }
        answer_.rest = bytes.substr(parsed.consumed);
        if (head.status >= 200) {
            const std::size_t lacks = missing(head);
            return lacks > 0 ? hold(bytes, lacks) : end(DispatchEnd::answered);
        }
        if (head.status == 101) {
            const bool asked_for = request_.upgrades && http::accepts_websocket(head);
            return end(asked_for ? DispatchEnd::answered : DispatchEnd::bad_response);
        }
        relay_interim(head);
        bytes = answer_.rest;
    }
}

// Bytes without which the answer is not passed on yet.
std::size_t Dispatch::missing(const http::ResponseHead& head) const {
    if (!request_.holds_answer || !sent_all() || head.status >= 300) return 0;
    if (head.framing == http::Framing::length && !head.event_stream && head.content_length <= kHeldBytes) {
        const auto length = static_cast<std::size_t>(head.content_length);
        return length - std::min(length, answer_.rest.size());
    }
    const bool has_content = head.framing == http::Framing::chunked || head.content_length > 0;
    return has_content && answer_.rest.empty() ? 1 : 0;
}

// Keeps what has come, to be read once more with what is missing.
Dispatch::Step Dispatch::hold(std::string_view begun, std::size_t missing) {
    answer_.wanted = begun.size() + missing;
    answer_.inbox = std::string(begun);
    wait_for_more();
    return Step::progress;
}

void Dispatch::wait_for_more() {
    answer_.heard_at = client_.turn();
    deadlines_.answer = *answer_.heard_at + timeouts_.idle;
}

void Dispatch::relay_interim(const http::ResponseHead& head) {
    // A 100 answers an expectation that was never passed on. Other interim answers go to clients that support them (not
    // HTTP/1.0); one that does not fit into the socket at once is dropped, as it is only a hint.
    if (head.status == 100 || client_minor_version_ == 0) return;
    std::string text;
    http::write_interim_head(head, text);
    const iovec part = as_part(text);
    const net::IoResult result = client_.stream->try_write({&part, 1});
    if (result.status == IoStatus::ok && result.bytes != text.size()) client_.stream->abort();
}

}  // namespace weir::downstream

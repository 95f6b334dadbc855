#include "mock/session.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include "ai/dialect.hpp"
#include "http/body.hpp"
#include "http/websocket.hpp"
#include "mock/realtime.hpp"
#include "mock/server.hpp"

namespace weir::mock {
namespace {

using net::IoStatus;
using namespace std::chrono_literals;

// Tokens written at once for a client that is behind: about 6 KB of events.
constexpr std::uint32_t kBatchTokens = 32;
// After a last answer, what the client still sends is read and dropped, so that a reset does not take the answer from
// it (RFC 9112 section 9.6).
constexpr Duration kLingerTime = 500ms;
constexpr std::size_t kLingerBytes = 1024 * 1024;

std::optional<AskKind> ask_kind(std::string_view path) {
    if (path == "/v1/chat/completions") return AskKind::chat;
    if (path == "/v1/completions") return AskKind::completion;
    if (path == "/v1/responses") return AskKind::response;
    if (path == "/v1/embeddings") return AskKind::embedding;
    if (path == "/v1/messages") return AskKind::message;
    if (path == "/v1/messages/count_tokens") return AskKind::count;
    return std::nullopt;
}

int status_of(Reason reason) {
    return reason == Reason::head_too_large || reason == Reason::target_too_long ? 431 : 400;
}

}  // namespace

Session::Session(Server& server, std::unique_ptr<net::ByteStream> stream)
    : server_(server),
      waker_(stream->source().loop()),
      timer_(waker_.loop().timers(), waker_),
      stream_(std::move(stream)),
      task_(run()) {
    stream_->source().set_waker(&waker_);
}

net::task<void> Session::run() {
    try {
        bool more = true;
        while (more) more = co_await serve_next();
        co_await close_gently();
    } catch (const std::exception&) {
        // Out of memory, most likely: this connection ends, the others go on.
        stream_->abort();
    }
    server_.retire(*this);
}

net::task<bool> Session::serve_next() {
    Step step = co_await read_head();
    if (step == Step::ready) step = co_await read_body();
    if (step == Step::gone) co_return false;
    if (step == Step::refused) {
        request_.keep_alive = false;
        co_await reply(refusal_);
        co_return false;
    }
    const bool sent = co_await answer();
    co_return sent&& request_.keep_alive;
}

net::task<Session::Step> Session::read_head() {
    request_ = {};
    const TimePoint idle_deadline = now() + server_.config().idle_timeout;
    TimePoint deadline = inbox_.empty() ? idle_deadline : now() + server_.config().head_timeout;
    for (;;) {
        if (!inbox_.empty()) {
            if (deadline == idle_deadline) deadline = now() + server_.config().head_timeout;
            http::RequestHead& head = server_.scratch_head();
            const http::ParseResult parsed = http::parse_request(inbox_, http::HeadLimits{}, head);
            if (parsed.status == http::ParseStatus::complete) {
                keep(head);
                inbox_.erase(0, parsed.consumed);
                co_return Step::ready;
            }
            if (parsed.status == http::ParseStatus::refused) {
                co_return refuse(status_of(parsed.reason), parsed.detail);
            }
        }
        const IoStatus status = read_more();
        if (status == IoStatus::eof || status == IoStatus::failed) co_return Step::gone;
        if (status == IoStatus::ok) continue;
        if (now() >= deadline) {
            if (inbox_.empty()) co_return Step::gone;
            co_return refuse(408, "the head did not end in time");
        }
        timer_.set(deadline);
        co_await waker_.wait();
    }
}

void Session::keep(const http::RequestHead& head) {
    request_.method = head.method;
    request_.path = head.path();
    request_.framing = head.framing;
    request_.content_length = head.content_length;
    request_.expect_continue = head.expect_continue;
    if (http::read_upgrade(head) == http::UpgradeAsk::websocket) {
        request_.websocket_key = head.fields.find_single("sec-websocket-key")->value;
    }
    request_.chunked_answer = head.minor_version >= 1;
    request_.keep_alive = head.keep_alive && head.minor_version >= 1;
}

net::task<Session::Step> Session::read_body() {
    const std::size_t most = server_.config().body_bytes;
    if (request_.content_length > most) co_return refuse(413, "the body is too large");
    if (request_.expect_continue && inbox_.empty() && request_.framing != http::Framing::none) {
        const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
        if (!sent) co_return Step::gone;
    }
    http::BodyReader reader(request_.framing, request_.content_length);
    TimePoint deadline = now() + server_.config().body_timeout;
    while (!reader.done()) {
        std::string_view rest = inbox_;
        while (!rest.empty() && !reader.done()) {
            const http::BodyReader::Piece piece = reader.next(rest);
            if (piece.failed) co_return refuse(400, "the body's framing is broken");
            request_.body.append(piece.content);
            rest.remove_prefix(piece.consumed);
            if (request_.body.size() > most) co_return refuse(413, "the body is too large");
        }
        inbox_.erase(0, inbox_.size() - rest.size());
        if (reader.done()) break;
        const IoStatus status = read_more();
        if (status == IoStatus::eof || status == IoStatus::failed) co_return Step::gone;
        if (status == IoStatus::ok) {
            deadline = now() + server_.config().body_timeout;
            continue;
        }
        if (now() >= deadline) co_return refuse(408, "the body did not end in time");
        timer_.set(deadline);
        co_await waker_.wait();
    }
    co_return Step::ready;
}

net::task<bool> Session::answer() {
    if (ai::is_realtime(request_.path) && !request_.websocket_key.empty()) {
        co_await serve_realtime();
        co_return false;
    }
    if (const auto kind = ask_kind(request_.path)) {
        if (request_.method == "POST") {
            const bool sent = co_await generate(*kind);
            co_return sent;
        }
    } else if (Videos::owns(request_.path)) {
        const Reply video = server_.videos().answer(request_.method, request_.path, request_.body, now());
        const bool sent = co_await reply(video);
        co_return sent;
    } else if (const auto page = server_.page(request_.path)) {
        if (request_.method == "GET" || request_.method == "HEAD") {
            const bool sent = co_await reply(*page);
            co_return sent;
        }
    } else {
        const Reply missing = fault(404, {"there is nothing at " + request_.path, {}});
        const bool sent = co_await reply(missing);
        co_return sent;
    }
    Reply wrong_method = fault(405, {request_.method + " is not allowed at " + request_.path, {}});
    wrong_method.allow = ask_kind(request_.path) ? "POST" : "GET, HEAD";
    const bool sent = co_await reply(wrong_method);
    co_return sent;
}

net::task<void> Session::serve_realtime() {
    RealtimeSession session(server_.engine(), waker_, server_.next_identity().number);
    const bool opened = co_await send(realtime_opening(request_.websocket_key));
    if (!opened) co_return;
    session.push(std::exchange(inbox_, {}));
    TimePoint deadline = now() + server_.config().idle_timeout;
    while (true) {
        session.catch_up();
        const std::string out = std::exchange(session.out(), {});
        const bool sent = co_await send(out);
        if (!sent || session.closed()) co_return;
        const IoStatus status = read_more();
        if (status == IoStatus::eof || status == IoStatus::failed) co_return;
        session.push(std::exchange(inbox_, {}));
        if (status == IoStatus::ok) deadline = now() + server_.config().idle_timeout;
        if (status == IoStatus::ok || !session.out().empty()) continue;
        if (now() >= deadline) co_return;
        timer_.set(deadline);
        co_await waker_.wait();
    }
}

net::task<bool> Session::generate(AskKind kind) {
    const auto ask = read_ask(kind, request_.body);
    request_.body = std::string();
    if (!ask) {
        const Reply bad = fault(400, ask.error());
        const bool sent = co_await reply(bad);
        co_return sent;
    }
    if (kind == AskKind::count) {
        const Reply counted{200, "application/json", AnswerWriter(*ask, {}).document()};
        const bool sent = co_await reply(counted);
        co_return sent;
    }
    Generation generation(server_.engine(), waker_);
    if (!generation.start(*ask)) {
        const Reply too_long = fault(
            400, {"the request is longer than the engine's whole KV cache", "messages", "context_length_exceeded"});
        const bool sent = co_await reply(too_long);
        co_return sent;
    }
    AnswerIdentity identity = server_.next_identity();
    identity.chunked = request_.chunked_answer;
    const AnswerWriter writer(*ask, identity);
    bool sent = false;
    if (ask->stream && kind != AskKind::embedding) {
        sent = co_await answer_stream(*ask, generation, writer);
    } else {
        sent = co_await answer_whole(generation, writer);
    }
    co_return sent;
}

net::task<bool> Session::answer_whole(Generation& generation, const AnswerWriter& writer) {
    while (!generation.finished()) {
        if (peer_gone()) co_return false;
        co_await waker_.wait();
    }
    const Reply whole{200, "application/json", writer.document()};
    const bool sent = co_await reply(whole);
    co_return sent;
}

net::task<bool> Session::answer_stream(const Ask& ask, Generation& generation, const AnswerWriter& writer) {
    // The head leaves at once, the first event with the first token, as vLLM does it.
    std::string out = stream_head(request_.chunked_answer, request_.keep_alive);
    bool sent = co_await send(out);
    std::uint32_t told = 0;
    while (sent && told < ask.output_tokens) {
        if (peer_gone()) co_return false;
        const std::uint32_t upto = std::min(generation.tokens(), told + kBatchTokens);
        if (upto == told) {
            co_await waker_.wait();
            continue;
        }
        out.clear();
        writer.append_events(out, told, upto);
        told = upto;
        sent = co_await send(out);
    }
    co_return sent;
}

net::task<bool> Session::send(std::string_view bytes) {
    TimePoint deadline = now() + server_.config().write_timeout;
    while (!bytes.empty()) {
        const iovec part = net::as_part(bytes);
        const net::IoResult result = stream_->try_write({&part, 1});
        if (result.status == IoStatus::failed) co_return false;
        if (result.status == IoStatus::ok) {
            bytes.remove_prefix(result.bytes);
            deadline = now() + server_.config().write_timeout;
            continue;
        }
        if (now() >= deadline || peer_gone()) co_return false;
        timer_.set(deadline);
        co_await waker_.wait();
    }
    co_return true;
}

net::task<bool> Session::reply(const Reply& reply) {
    const std::string text = write_reply(reply, request_.keep_alive, request_.method == "HEAD");
    const bool sent = co_await send(text);
    co_return sent;
}

net::task<void> Session::close_gently() {
    stream_->shutdown_write();
    const TimePoint deadline = now() + kLingerTime;
    std::size_t dropped = 0;
    while (dropped < kLingerBytes && now() < deadline) {
        const std::span<char> scratch = waker_.loop().scratch();
        const net::IoResult result = stream_->try_read(scratch);
        if (result.status == IoStatus::eof || result.status == IoStatus::failed) co_return;
        dropped += result.bytes;
        if (result.status == IoStatus::ok) continue;
        timer_.set(deadline);
        co_await waker_.wait();
    }
}

Session::Step Session::refuse(int status, std::string_view message) {
    refusal_ = fault(status, {std::string(message), {}});
    return Step::refused;
}

IoStatus Session::read_more() {
    const std::span<char> scratch = waker_.loop().scratch();
    const net::IoResult result = stream_->try_read(scratch);
    inbox_.append(scratch.data(), result.bytes);
    return result.status;
}

Reply Session::fault(int status, const AskFault& fault) const {
    return error_reply(ai::dialect_of(request_.path, Dialect::openai), status, fault);
}

bool Session::peer_gone() const {
    const net::Readiness& ready = stream_->source().ready;
    return ready.peer_closed || ready.broken;
}

}  // namespace weir::mock

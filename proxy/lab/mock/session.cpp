#include "lab/mock/session.hpp"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "ai/dialect.hpp"
#include "lab/mock/realtime.hpp"

namespace weir::mock {
namespace {

using boost::asio::awaitable;

// Tokens written at once for a client that is behind: about 6 KB of events.
constexpr std::uint32_t kBatchTokens = 32;

std::optional<AskKind> ask_kind(std::string_view path) {
    if (path == "/v1/chat/completions") return AskKind::chat;
    if (path == "/v1/completions") return AskKind::completion;
    if (path == "/v1/responses") return AskKind::response;
    if (path == "/v1/embeddings") return AskKind::embedding;
    if (path == "/v1/messages") return AskKind::message;
    if (path == "/v1/messages/count_tokens") return AskKind::count;
    return std::nullopt;
}

Reply fault(const Request& request, int status, const AskFault& fault) {
    return error_reply(ai::dialect_of(request.path, Dialect::openai), status, fault);
}

Reply wrong_method(const Request& request, std::string_view allowed) {
    Reply reply = fault(request, 405, {request.method + " is not allowed at " + request.path, {}});
    reply.allow = allowed;
    return reply;
}

}  // namespace

Session::Session(Service& service, boost::asio::ip::tcp::socket socket)
    : service_(service), connection_(std::move(socket), service.config()) {}

awaitable<void> Session::run() {
    bool more = true;
    while (more) more = co_await serve_next();
    co_await connection_.close_gently();
}

awaitable<bool> Session::serve_next() {
    Incoming incoming = co_await connection_.read();
    if (incoming.request) {
        const bool more = co_await answer(std::move(*incoming.request));
        co_return more;
    }
    if (incoming.refused != 0) {
        const Reply refusal = error_reply(Dialect::openai, incoming.refused, {incoming.why, {}});
        co_await connection_.reply(refusal, true);
    }
    co_return false;
}

awaitable<bool> Session::reply(const Reply& reply) {
    const bool keeps_alive = connection_.keeps_alive();
    const bool sent = co_await connection_.reply(reply, !keeps_alive);
    co_return sent&& keeps_alive;
}

awaitable<bool> Session::answer(Request request) {
    if (ai::is_realtime(request.path) && request.websocket) {
        co_await serve_realtime();
        co_return false;
    }
    Reply there;
    if (const auto kind = ask_kind(request.path)) {
        if (request.method == "POST") {
            const bool more = co_await generate(*kind, std::move(request));
            co_return more;
        }
        there = wrong_method(request, "POST");
    } else if (Videos::owns(request.path)) {
        there = service_.videos().answer(request.method, request.path, request.body, service_.engine().now());
    } else if (auto page = service_.page(request.path)) {
        const bool reads = request.method == "GET" || request.method == "HEAD";
        there = reads ? std::move(*page) : wrong_method(request, "GET, HEAD");
    } else {
        there = fault(request, 404, {"there is nothing at " + request.path, {}});
    }
    const bool more = co_await reply(there);
    co_return more;
}

awaitable<bool> Session::generate(AskKind kind, Request request) {
    const auto ask = read_ask(kind, request.body);
    request.body = std::string();
    if (!ask) {
        const Reply bad = fault(request, 400, ask.error());
        const bool more = co_await reply(bad);
        co_return more;
    }
    if (kind == AskKind::count) {
        const Reply counted{200, "application/json", AnswerWriter(*ask, {}).document()};
        const bool more = co_await reply(counted);
        co_return more;
    }
    Generation generation(service_.engine(), [this] { connection_.notify(); });
    if (!generation.start(*ask)) {
        const AskFault too_long{"the request is longer than the engine's whole KV cache", "messages",
                                "context_length_exceeded"};
        const Reply bad = fault(request, 400, too_long);
        const bool more = co_await reply(bad);
        co_return more;
    }
    const AnswerWriter writer(*ask, service_.next_identity());
    if (ask->stream && kind != AskKind::embedding) {
        const bool more = co_await answer_stream(*ask, generation, writer);
        co_return more;
    }
    const bool more = co_await answer_whole(generation, writer);
    co_return more;
}

awaitable<bool> Session::answer_whole(Generation& generation, const AnswerWriter& writer) {
    while (!generation.finished()) {
        if (connection_.peer_gone()) co_return false;
        co_await connection_.wait();
    }
    const Reply whole{200, "application/json", writer.document()};
    const bool more = co_await reply(whole);
    co_return more;
}

awaitable<bool> Session::answer_stream(const Ask& ask, Generation& generation, const AnswerWriter& writer) {
    // The head leaves at once, the first event with the first token, as vLLM does it.
    bool sent = co_await connection_.begin_stream();
    std::uint32_t written = 0;
    std::string events;
    while (sent && written < ask.output_tokens) {
        const std::uint32_t upto = std::min(generation.tokens(), written + kBatchTokens);
        if (upto == written) {
            co_await connection_.wait();
            sent = !connection_.peer_gone();
            continue;
        }
        events.clear();
        writer.append_events(events, written, upto);
        written = upto;
        sent = co_await connection_.send_events(events, written == ask.output_tokens);
    }
    co_return sent&& connection_.keeps_alive();
}

awaitable<void> Session::serve_realtime() {
    const bool opened = co_await connection_.accept_websocket();
    RealtimeSession session(
        service_.engine(), [this] { connection_.notify(); }, service_.next_identity().number);
    while (opened && !connection_.peer_gone()) {
        if (const auto message = connection_.take_message()) session.message(*message);
        session.catch_up();
        const std::vector<std::string> out = session.take_out();
        for (const std::string& text : out) {
            const bool sent = co_await connection_.send_message(text);
            if (!sent) co_return;
        }
        if (out.empty()) co_await connection_.wait();
    }
}

}  // namespace weir::mock

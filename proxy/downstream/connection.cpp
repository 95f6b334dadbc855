#include "downstream/connection.hpp"

#include <chrono>
#include <exception>

#include "downstream/exchange.hpp"
#include "downstream/worker.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;
using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr int kRequestsPerTurn = 16;
// After an answer with `Connection: close`, what the client still sends is read and dropped for so long and so many
// bytes, so that a reset does not take the answer from it (RFC 9112 section 9.6).
constexpr Duration kLingerTime = 500ms;
constexpr std::size_t kLingerBytes = 64 * 1024;

}  // namespace

Connection::Connection(Worker& worker, std::shared_ptr<const Routing> routing, ListenerId listener,
                       const IpAddress& peer, std::unique_ptr<net::ByteStream> stream)
    : link_(worker, std::move(routing), listener, peer), run_(run()) {
    link_.stream = std::move(stream);
    link_.source().set_waker(&link_.waker);
}

Connection::~Connection() = default;

void Connection::start() { run_.start(); }

net::task<void> Connection::run() {
    try {
        const bool secured = co_await handshake();
        bool open = secured;
        for (int served = 1; open; ++served) {
            open = co_await wait_for_request();
            if (open) open = co_await serve_next();
            // Whoever sends request upon request that are refused at once must not keep everybody else waiting.
            if (served % kRequestsPerTurn == 0) co_await link_.waker.yield();
        }
        if (secured) co_await close_gently();
    } catch (const std::exception& error) {
        // Out of memory, most likely: this connection ends, the others go on.
        link_.worker.loop().note_fault(error.what());
        link_.stream->abort();
    }
    link_.worker.retire(*this);
}

net::task<bool> Connection::handshake() {
    const TimePoint deadline = link_.turn() + link_.limits().header_timeout;
    for (;;) {
        const IoStatus status = link_.stream->try_handshake();
        if (status != IoStatus::would_block) co_return status == IoStatus::ok;
        if (link_.turn() >= deadline || link_.source().ready.broken) co_return false;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
}

net::task<bool> Connection::wait_for_request() {
    const TimePoint deadline = link_.turn() + link_.limits().idle_timeout;
    while (link_.inbox.empty() && !link_.source().ready.readable) {
        if (link_.worker.state().draining.load(std::memory_order_relaxed)) co_return false;
        if (link_.turn() >= deadline) co_return false;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
    co_return true;
}

net::task<bool> Connection::serve_next() {
    Worker& worker = link_.worker;
    if (link_.routing != worker.routing()) link_.routing = worker.routing();
    const http::HeadLimits limits{.bytes = link_.limits().header_bytes, .fields = link_.limits().header_fields};
    TimePoint deadline = TimePoint::max();
    bool look = !link_.inbox.empty();
    for (;;) {
        // The usual head comes whole and is parsed where it was read; only a beginning is kept.
        std::string_view bytes = link_.inbox;
        if (!look) {
            const std::span<char> scratch = worker.loop().scratch();
            const net::IoResult result = link_.stream->try_read(scratch.first(kReadBytes));
            if (result.status == IoStatus::failed) co_return false;
            if (result.status == IoStatus::eof && link_.inbox.empty()) co_return false;
            if (result.status == IoStatus::would_block) {
                if (link_.inbox.empty() && deadline == TimePoint::max()) co_return true;  // nothing came after all
                if (link_.turn() < deadline) {
                    link_.timer.set(deadline);
                    co_await link_.waker.wait();
                    continue;
                }
            }
            bytes = std::string_view(scratch.data(), result.bytes);
            if (result.status != IoStatus::ok) {
                const bool ended = result.status == IoStatus::eof;
                const http::ParseResult fault{http::ParseStatus::refused, 0,
                                              ended ? Reason::bad_request : Reason::request_timeout,
                                              "the head did not end"};
                const bool keep = co_await answer(fault, {});
                co_return keep;
            }
            if (!link_.inbox.empty()) bytes = link_.inbox.append(bytes);
        }
        look = false;
        const http::ParseResult parsed = http::parse_request(bytes, limits, worker.request_head());
        if (parsed.status == http::ParseStatus::need_more) {
            if (link_.inbox.empty()) link_.inbox = bytes;
            if (deadline == TimePoint::max()) deadline = link_.turn() + link_.limits().header_timeout;
            continue;
        }
        const bool keep = co_await answer(parsed, bytes);
        co_return keep;
    }
}

net::task<bool> Connection::answer(http::ParseResult parsed, std::string_view bytes) {
    Exchange exchange(link_);
    if (parsed.status == http::ParseStatus::complete) {
        const std::string_view rest = exchange.begin(link_.worker.request_head(), bytes.substr(parsed.consumed));
        // The head has been digested: what follows it is the body's beginning, or the next request.
        link_.inbox = std::string(rest);
    } else {
        exchange.begin_malformed(parsed);
    }
    const bool keep = co_await exchange.run();
    co_return keep;
}

net::task<void> Connection::close_gently() {
    if (link_.source().fd() < 0) co_return;
    link_.stream->shutdown_write();
    const TimePoint deadline = link_.turn() + kLingerTime;
    std::size_t dropped = link_.inbox.size();
    while (dropped < kLingerBytes && link_.turn() < deadline) {
        const std::span<char> scratch = link_.worker.loop().scratch();
        const net::IoResult result = link_.stream->try_read(scratch.first(kReadBytes));
        if (result.status == IoStatus::eof || result.status == IoStatus::failed) co_return;
        dropped += result.bytes;
        if (result.status == IoStatus::ok) continue;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
}

}  // namespace weir::downstream

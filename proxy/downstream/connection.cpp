#include "downstream/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

#include "downstream/exchange.hpp"
#include "downstream/worker.hpp"
#include "net/proxy_protocol.hpp"

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

Connection::~Connection() {
    if (counted_) link_.worker.state().clients.give_back(link_.peer);
}

void Connection::start() { run_.start(); }

net::task<void> Connection::run() {
    try {
        bool known = true;
        if (expects_proxy_header()) known = co_await read_proxy_header();
        const bool placed = known && take_place();
        if (known && !placed) co_await refuse_place();
        bool secured = false;
        if (placed) secured = co_await handshake();
        bool open = secured;
        for (int served = 1; open; ++served) {
            const TimePoint deadline = link_.turn() + link_.limits().idle_timeout;
            while (is_idle(deadline)) co_await link_.waker.wait();
            open = has_input();
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

bool Connection::expects_proxy_header() const {
    const auto& proxies = link_.routing->find(link_.listener)->config.proxy_protocol;
    return proxies && contains_any(proxies->from, link_.peer);
}

net::task<bool> Connection::read_proxy_header() {
    const TimePoint deadline = link_.turn() + link_.limits().header_timeout;
    for (;;) {
        const net::Readiness ready = link_.source().ready;
        if (link_.source().fd() < 0) co_return false;  // closed to make room
        const net::ProxyHeader header = net::receive_proxy_header(link_.source().fd());
        if (header.status == net::ProxyHeader::Status::complete) {
            if (header.source) {
                link_.peer = *header.source;
                link_.peer_text = header.source->to_string();
            }
            co_return true;
        }
        // What came before a FIN is all that comes.
        const bool hopeless = header.status == net::ProxyHeader::Status::refused || ready.peer_closed || ready.broken;
        if (hopeless || link_.turn() >= deadline) {
            link_.worker.recorder().connection_refused(link_.listener, telemetry::ConnectionRefusal::no_proxy_header);
            co_return false;
        }
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
}

bool Connection::take_place() {
    auto most = link_.limits().connections_per_client;
    if (!most && is_one_client()) most = std::max(1U, link_.routing->limits.connections / 2);
    if (!most) return true;
    counted_ = link_.worker.state().clients.take(link_.peer, *most);
    return counted_;
}

// Not so: a balancer that says whom it carries, and this machine, where a proxy or a sidecar may stand.
bool Connection::is_one_client() const {
    static const std::array kHere{IpNetwork::parse("127.0.0.0/8").value(), IpNetwork::parse("::1/128").value()};
    const bool here = link_.peer == IpAddress{} || contains_any(kHere, link_.peer);
    return !here && !link_.routing->classifier.trusts(link_.peer);
}

net::task<void> Connection::refuse_place() {
    link_.worker.recorder().connection_refused(link_.listener, telemetry::ConnectionRefusal::client_limit);
    // A handshake for its sake would cost more than the connection that it is refused.
    if (link_.stream->secure()) co_return;
    const std::string text = link_.worker.connection_refusal();
    const bool sent = co_await link_.send(text);
    if (sent) co_await close_gently();
}

net::task<bool> Connection::handshake() {
    const TimePoint deadline = link_.turn() + link_.limits().header_timeout;
    for (;;) {
        const IoStatus status = link_.stream->try_handshake();
        if (status == IoStatus::ok) {
            std::string subject = link_.stream->peer_subject();
            if (!subject.empty()) {
                link_.certificate = std::make_unique<const ShownCertificate>(
                    ShownCertificate{std::move(subject), link_.stream->peer_issuer()});
            }
        }
        if (status != IoStatus::would_block) co_return status == IoStatus::ok;
        if (link_.turn() >= deadline || link_.source().ready.broken) co_return false;
        link_.timer.set(deadline);
        co_await link_.waker.wait();
    }
}

bool Connection::has_input() { return !link_.inbox.empty() || link_.source().ready.readable; }

bool Connection::is_idle(TimePoint deadline) {
    if (link_.source().fd() < 0) return false;  // closed to make room
    if (has_input() || link_.worker.state().draining.load(std::memory_order_relaxed)) return false;
    if (link_.turn() >= deadline) return false;
    link_.timer.set(deadline);
    return true;
}

net::task<bool> Connection::serve_next() {
    Worker& worker = link_.worker;
    if (link_.routing != worker.routing()) link_.routing = worker.routing();
    HeadRead read;
    read.look = !link_.inbox.empty();
    HeadStep step = read_head(read);
    while (step == HeadStep::waiting) {
        link_.timer.set(read.deadline);
        co_await link_.waker.wait();
        step = read_head(read);
    }
    if (step != HeadStep::ended) co_return step == HeadStep::nothing;
    worker.works(*this);
    Exchange exchange(link_);
    if (read.parsed.status == http::ParseStatus::complete) {
        const std::string_view rest = exchange.begin(worker.request_head(), read.bytes.substr(read.parsed.consumed));
        // The head has been digested: what follows it is the body's beginning, or the next request.
        link_.inbox = std::string(rest);
    } else {
        exchange.begin_malformed(read.parsed);
    }
    const bool keep = co_await exchange.run();
    worker.rests(*this);
    co_return keep;
}

Connection::HeadStep Connection::read_head(HeadRead& read) {
    const http::HeadLimits limits{.bytes = link_.limits().header_bytes,
                                  .fields = link_.limits().header_fields,
                                  .raw_paths = link_.config().paths == PathForm::raw};
    for (;;) {
        // The usual head comes whole and is parsed where it was read; only a beginning is kept.
        read.bytes = link_.inbox;
        if (!std::exchange(read.look, false)) {
            const std::span<char> scratch = link_.worker.loop().scratch();
            const net::IoResult result = link_.stream->try_read(scratch.first(kReadBytes));
            const bool begun = read.deadline != TimePoint::max() || !link_.inbox.empty();
            if (result.status == IoStatus::failed || (result.status == IoStatus::eof && link_.inbox.empty())) {
                return HeadStep::gone;
            }
            if (result.status == IoStatus::would_block) {
                if (!begun) return HeadStep::nothing;
                if (link_.turn() < read.deadline) return HeadStep::waiting;
            }
            if (result.status != IoStatus::ok) {
                const bool left = result.status == IoStatus::eof;
                read.parsed = {http::ParseStatus::refused, 0, left ? Reason::bad_request : Reason::request_timeout,
                               "the head did not end"};
                return HeadStep::ended;
            }
            read.bytes = std::string_view(scratch.data(), result.bytes);
            if (!link_.inbox.empty()) read.bytes = link_.inbox.append(read.bytes);
        }
        const bool is_first = link_.inbox.empty();
        if (!is_first && !read.partial.is_worth_reading(read.bytes, limits.bytes)) continue;
        read.parsed = http::parse_request(read.bytes, limits, link_.worker.request_head());
        if (read.parsed.status != http::ParseStatus::need_more) return HeadStep::ended;
        if (link_.inbox.empty()) link_.inbox = read.bytes;
        if (read.deadline == TimePoint::max()) read.deadline = link_.turn() + link_.limits().header_timeout;
    }
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

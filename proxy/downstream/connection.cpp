#include "downstream/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

#include "downstream/connection_refusal.hpp"
#include "downstream/exchange/exchange.hpp"
#include "net/proxy_protocol.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;
using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr int kRequestsPerTurn = 16;
// After an answer with `Connection: close`, what the client still sends is read and dropped for this long and up to
// this many bytes, so that a reset does not discard the answer (RFC 9112 section 9.6).
constexpr Duration kLingerTime = 500ms;
constexpr std::size_t kLingerBytes = 64 * 1024;

}  // namespace

Connection::Connection(WorkerContext& context, OpenConnections& open, std::shared_ptr<const Routing> policy,
                       ListenerId from, const IpAddress& address, std::unique_ptr<net::ByteStream> bytes)
    : Client(context, std::move(policy), from, address, std::move(bytes)), open_(open), run_(run()) {}

Connection::~Connection() {
    if (counted_) worker.state().clients.give_back(peer);
}

void Connection::start() {
    worker.state().connections.fetch_add(1, std::memory_order_relaxed);
    worker.recorder().connection_opened(listener);
    run_.start();
}

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
            const TimePoint deadline = turn() + limits().idle_timeout;
            while (is_idle(deadline)) co_await waker.wait();
            open = has_input();
            if (open) open = co_await serve_next();
            open_.rests(*this);
            // A client that sends one immediately refused request after another must not starve the others.
            if (served % kRequestsPerTurn == 0) co_await waker.yield();
        }
        if (secured) co_await close_gently();
    } catch (const std::exception& error) {
        // Probably out of memory: this connection ends, the others go on.
        worker.loop().note_fault(error.what());
        stream->abort();
    }
    worker.state().connections.fetch_sub(1, std::memory_order_relaxed);
    worker.recorder().connection_closed(listener);
    open_.remove(*this);
}

bool Connection::expects_proxy_header() const {
    const auto& proxies = routing->find(listener)->config.proxy_protocol;
    return proxies && contains_any(proxies->from, peer);
}

net::task<bool> Connection::read_proxy_header() {
    const TimePoint deadline = turn() + limits().header_timeout;
    for (;;) {
        const net::Readiness ready = source().ready;
        if (source().fd() < 0) co_return false;  // closed to free a place
        const net::ProxyHeader header = net::receive_proxy_header(source().fd());
        if (header.status == net::ProxyHeader::Status::complete) {
            if (header.source) {
                peer = *header.source;
                peer_text = header.source->to_string();
            }
            co_return true;
        }
        // After a FIN no more bytes will come.
        const bool do_not_retry =
            header.status == net::ProxyHeader::Status::refused || ready.peer_closed || ready.broken;
        if (do_not_retry || turn() >= deadline) {
            worker.recorder().connection_refused(listener, telemetry::ConnectionRefusal::no_proxy_header);
            co_return false;
        }
        timer.set(deadline);
        co_await waker.wait();
    }
}

bool Connection::take_place() {
    auto most = limits().connections_per_client;
    if (!most && is_one_client()) most = std::max(1U, routing->limits.connections / 2);
    if (!most) return true;
    counted_ = worker.state().clients.take(peer, *most);
    return counted_;
}

// False for a balancer that names its clients, and for this machine, on which a proxy or a sidecar may run.
bool Connection::is_one_client() const {
    static const std::array kHere{IpNetwork::parse("127.0.0.0/8").value(), IpNetwork::parse("::1/128").value()};
    const bool here = peer == IpAddress{} || contains_any(kHere, peer);
    return !here && !routing->classifier.trusts(peer);
}

net::task<void> Connection::refuse_place() {
    worker.recorder().connection_refused(listener, telemetry::ConnectionRefusal::client_limit);
    // A handshake just for the refusal would cost more than the connection it refuses.
    if (stream->secure()) co_return;
    const std::string text = connection_refusal(worker);
    const bool sent = co_await send(text);
    if (sent) co_await close_gently();
}

net::task<bool> Connection::handshake() {
    const TimePoint deadline = turn() + limits().header_timeout;
    for (;;) {
        const IoStatus status = stream->try_handshake();
        if (status == IoStatus::ok) {
            std::string subject = stream->peer_subject();
            if (!subject.empty()) {
                certificate = std::make_unique<const ShownCertificate>(
                    ShownCertificate{std::move(subject), stream->peer_issuer()});
            }
        }
        if (status != IoStatus::would_block) co_return status == IoStatus::ok;
        if (turn() >= deadline || source().ready.broken) co_return false;
        timer.set(deadline);
        co_await waker.wait();
    }
}

bool Connection::has_input() { return !inbox.empty() || source().ready.readable; }

bool Connection::is_idle(TimePoint deadline) {
    if (source().fd() < 0) return false;  // closed to free a place
    if (has_input() || worker.state().draining.load(std::memory_order_relaxed)) return false;
    if (turn() >= deadline) return false;
    timer.set(deadline);
    return true;
}

// A head usually arrives whole; the code for one that does not is kept out of the common path.
net::task<bool> Connection::serve_next() {
    if (routing != worker.routing) routing = worker.routing;
    HeadRead read;
    read.look = !inbox.empty();
    const HeadStep step = read_head(read);
    return step == HeadStep::ended ? serve_head(read) : await_head(read, step);
}

net::task<bool> Connection::await_head(HeadRead read, HeadStep step) {
    while (step == HeadStep::waiting) {
        timer.set(read.deadline);
        co_await waker.wait();
        step = read_head(read);
    }
    if (step != HeadStep::ended) co_return step == HeadStep::nothing;
    const bool keep = co_await serve_head(read);
    co_return keep;
}

net::task<bool> Connection::serve_head(const HeadRead& read) {
    open_.works(*this);
    if (read.parsed.status == http::ParseStatus::complete) {
        return serve(*this, worker.request_head(), read.bytes.substr(read.parsed.consumed));
    }
    return refuse_malformed(*this, read.parsed.reason, read.parsed.detail);
}

Connection::HeadStep Connection::read_head(HeadRead& read) {
    const http::HeadLimits head_limits{
        .bytes = limits().header_bytes, .fields = limits().header_fields, .raw_paths = config().paths == PathForm::raw};
    for (;;) {
        // A head usually arrives whole and is parsed where it was read; only a partial head is kept.
        read.bytes = inbox;
        if (!std::exchange(read.look, false)) {
            const std::span<char> scratch = worker.loop().scratch();
            const net::IoResult result = stream->try_read(scratch.first(kReadBytes));
            const bool begun = read.deadline != TimePoint::max() || !inbox.empty();
            if (result.status == IoStatus::failed || (result.status == IoStatus::eof && inbox.empty())) {
                return HeadStep::gone;
            }
            if (result.status == IoStatus::would_block) {
                if (!begun) return HeadStep::nothing;
                if (turn() < read.deadline) return HeadStep::waiting;
            }
            if (result.status != IoStatus::ok) {
                const bool left = result.status == IoStatus::eof;
                read.parsed = {http::ParseStatus::refused, 0, left ? Reason::bad_request : Reason::request_timeout,
                               "the head did not end"};
                return HeadStep::ended;
            }
            read.bytes = std::string_view(scratch.data(), result.bytes);
            if (!inbox.empty()) read.bytes = inbox.append(read.bytes);
        }
        const bool is_first = inbox.empty();
        if (!is_first && !read.partial.is_worth_reading(read.bytes, head_limits.bytes)) continue;
        read.parsed = http::parse_request(read.bytes, head_limits, worker.request_head());
        if (read.parsed.status != http::ParseStatus::need_more) return HeadStep::ended;
        if (inbox.empty()) inbox = read.bytes;
        if (read.deadline == TimePoint::max()) read.deadline = turn() + limits().header_timeout;
    }
}

net::task<void> Connection::close_gently() {
    if (source().fd() < 0) co_return;
    stream->shutdown_write();
    const TimePoint deadline = turn() + kLingerTime;
    std::size_t dropped = inbox.size();
    while (dropped < kLingerBytes && turn() < deadline) {
        const std::span<char> scratch = worker.loop().scratch();
        const net::IoResult result = stream->try_read(scratch.first(kReadBytes));
        if (result.status == IoStatus::eof || result.status == IoStatus::failed) co_return;
        dropped += result.bytes;
        if (result.status == IoStatus::ok) continue;
        timer.set(deadline);
        co_await waker.wait();
    }
}

}  // namespace weir::downstream

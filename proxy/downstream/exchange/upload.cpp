#include "downstream/exchange/upload.hpp"

#include <chrono>
#include <limits>
#include <utility>

#include "downstream/transfer/client_probe.hpp"
#include "downstream/transfer/upload_pace.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;

constexpr std::size_t kReadBytes = 32 * 1024;
constexpr int kRoundsPerTurn = 8;

// Each step down in priority leaves a tenth of the memory to the better classes, so that under pressure the least
// important requests are refused first.
std::uint64_t memory_share(const ProcessLimits& limits, admission::Priority priority) {
    return limits.buffered_bytes / 10 * (10 - static_cast<std::uint64_t>(priority));
}

// Whether the route, or one that the request may be moved to, chooses endpoints by the prompt's prefix.
bool keeps_prefixes(const Route& route) {
    const auto keeps = [](const Route& other) { return keeps_prefixes(other); };
    return route.backend->config().balance == Balance::prefix_affinity ||
           std::any_of(route.degrade_routes.begin(), route.degrade_routes.end(), keeps) ||
           std::any_of(route.fallbacks.begin(), route.fallbacks.end(), keeps);
}

// The same for every class that the request may turn out to be of. Not where a header has named its conversation.
bool keeps_prefixes(const Routing& routing, const Caller& caller) {
    if (caller.route == nullptr || caller.ask.affinity != 0) return false;
    if (caller.open.empty()) return keeps_prefixes(*caller.route);
    return std::any_of(routing.routes.begin(), routing.routes.end(),
                       [](const Route& route) { return keeps_prefixes(route); });
}

}  // namespace

Upload::~Upload() { outcome_.record.bytes_in += reader_.content_bytes(); }

BodyIntake::Plan Upload::plan(const Caller& caller) const {
    return {caller.body_form,
            caller.api,
            caller.form_type,
            caller.coding,
            client_.limits().body_bytes,
            keeps_prefixes(*client_.routing, caller)};
}

// A body is usually short and arrives with its head: it is taken from the buffer it was read into.
Passed Upload::take(const Caller& caller, std::string_view& bytes, ai::RequestFacts& facts) {
    BodyIntake intake(reader_, body_, plan(caller));
    body_ = SegmentedText(client_.worker.texts().take());
    if (Passed no = add(intake, caller, bytes)) return no;
    facts = intake.finish();
    return nullptr;
}

// How much of a body is read before the request queues: all of a body that is scanned, a bounded part of others.
std::uint64_t Upload::bound(const BodyIntake& intake, const Caller& caller) const {
    if (ai::is_known(caller.api) || !intake.gave_up()) return std::numeric_limits<std::uint64_t>::max();
    return client_.routing->limits.body_before_queue;
}

net::task<Passed> Upload::read_ahead(const Inbound& inbound, const Caller& caller, ai::RequestFacts& facts) {
    const TimePoint began = client_.turn();
    // RFC 9110 section 10.1.1: the head was not refused, so the body is wanted.
    if (inbound.expects_continue) {
        const bool sent = co_await client_.send(ClientProbe::kInterim);
        if (!sent) co_return refused(Reason::client_gone);
        continued_ = true;
    }
    BodyIntake intake(reader_, body_, plan(caller));
    UploadPace pace(client_.limits(), began);
    Passed no = add_inbox(intake, caller);
    for (int round = 1; !no && !done() && body_.size() < bound(intake, caller); ++round) {
        // A fast upload must not starve the other connections.
        if (round % kRoundsPerTurn == 0) co_await client_.waker.yield();
        const std::span<char> scratch = client_.worker.loop().scratch();
        const net::IoResult result = client_.stream->try_read(scratch.first(kReadBytes));
        if (result.status == IoStatus::ok) {
            pace.took(result.bytes, client_.turn());
            std::string_view bytes(scratch.data(), result.bytes);
            no = add(intake, caller, bytes);
            client_.inbox.assign(bytes);
            continue;
        }
        if (result.status != IoStatus::would_block) co_return refused(Reason::client_gone);
        if (client_.turn() >= pace.deadline()) {
            co_return refused(Reason::request_timeout, "the body stopped arriving, or came too slowly");
        }
        client_.timer.set(pace.deadline());
        co_await client_.waker.wait();
    }
    if (no) co_return no;
    facts = intake.finish();
    outcome_.waited += client_.turn() - began;
    co_return nullptr;
}

Passed Upload::add(BodyIntake& intake, const Caller& caller, std::string_view& bytes) {
    const auto fault = intake.take(bytes);
    lease_.resize(intake.memory());
    if (fault) return refused(fault->reason, fault->detail);
    const auto held_by_all = client_.worker.state().buffered_bytes.load(std::memory_order_relaxed);
    const std::uint64_t share = memory_share(client_.routing->limits, caller.route->config.priority);
    if (held_by_all > static_cast<std::int64_t>(share)) return refused(Reason::memory_pressure);
    return nullptr;
}

Passed Upload::add_inbox(BodyIntake& intake, const Caller& caller) {
    const std::string inbox = std::exchange(client_.inbox, {});
    std::string_view bytes = inbox;
    Passed no = add(intake, caller, bytes);
    client_.inbox = bytes;
    return no;
}

net::task<bool> Upload::drain(TimePoint deadline) {
    while (!done()) {
        std::string_view bytes = client_.inbox;
        while (!bytes.empty() && !done()) {
            const http::BodyReader::Piece piece = reader_.next(bytes);
            if (piece.failed) co_return false;
            bytes.remove_prefix(piece.consumed);
        }
        client_.inbox.erase(0, client_.inbox.size() - bytes.size());
        if (done()) break;
        const IoStatus status = client_.read_more(kReadBytes);
        if (status == IoStatus::ok) continue;
        if (status != IoStatus::would_block || client_.turn() >= deadline) co_return false;
        client_.timer.set(deadline);
        co_await client_.waker.wait();
    }
    co_return true;
}

void Upload::let_go() {
    if (!body_.empty()) client_.worker.texts().give(body_.take_first());
    lease_.resize(0);
}

}  // namespace weir::downstream

#include "downstream/transfer/relay.hpp"

#include <algorithm>
#include <utility>

#include "base/free_memory.hpp"
#include "downstream/transfer/framing.hpp"
#include "downstream/worker_context.hpp"

namespace weir::downstream {
namespace {

using net::as_part;
using net::IoStatus;

constexpr std::size_t kReadBytes = 32 * 1024;
// Up to this much is copied in order to be sent later, together with what others send.
constexpr std::size_t kKeptBytes = 2048;
// After this much without a pause, all other coroutines get a turn.
constexpr std::size_t kTurnBytes = 256 * 1024;

}  // namespace

Relay::Relay(Client& client, ClientProbe& probe, Progress& progress, Observer& observer, net::ByteStream& upstream,
             http::BodyReader body, std::string head, const Options& options)
    : client_(client),
      probe_(probe),
      progress_(progress),
      observer_(observer),
      upstream_(upstream),
      body_(body),
      unsent_(std::move(head)),
      lease_(client.worker),
      options_(options) {}

net::task<RelayEnd> Relay::run(std::string_view first) {
    heard_at_ = sent_at_ = client_.turn();
    std::string kept;
    if (first.size() <= kKeptBytes && client_.worker.loop().others_wait()) {
        // As with requests: all read, then all send. What was read is copied, as others will read into the same buffer.
        kept = client_.worker.texts().take();
        first = kept.append(first);
        co_await client_.waker.yield();
    }
    if (!push(first)) co_return RelayEnd::backend_died;
    client_.worker.texts().give(std::exchange(kept, {}));
    // The head goes out before any wait, with the content that came with it.
    flush();
    std::size_t turn_bytes = 0;
    while (!body_.done()) {
        if (client_failed_) co_return RelayEnd::client_gone;
        if (progress_.cut()) co_return RelayEnd::evicted;
        flush();
        bool progress = false;
        if (unsent_.empty()) {
            const std::span<char> scratch = client_.worker.loop().scratch();
            const net::IoResult result = upstream_.try_read(scratch.first(kReadBytes));
            if (result.status == IoStatus::failed) co_return RelayEnd::backend_died;
            if (result.status == IoStatus::eof) {
                if (!body_.ends_at_close()) co_return RelayEnd::backend_died;
                break;
            }
            if (result.status == IoStatus::ok) {
                heard_at_ = client_.turn();
                options_.endpoint->heard(heard_at_);
                turn_bytes += result.bytes;
                if (!push({scratch.data(), result.bytes})) co_return RelayEnd::backend_died;
                progress = true;
            }
        }
        if (probe_.gone(probe())) co_return RelayEnd::client_gone;
        if (progress && turn_bytes < kTurnBytes) continue;
        if (progress) {
            turn_bytes = 0;
            co_await client_.waker.yield();
            continue;
        }
        const TimePoint now = client_.turn();
        const TimePoint pause_deadline =
            unsent_.empty() ? heard_at_ + options_.idle_timeout : sent_at_ + client_.limits().write_timeout;
        if (now >= options_.total_deadline) co_return RelayEnd::overdue;
        if (now >= pause_deadline) co_return unsent_.empty() ? RelayEnd::backend_stalled : RelayEnd::client_stalled;
        client_.timer.set(std::min(options_.total_deadline, pause_deadline));
        co_await client_.waker.wait();
        turn_bytes = 0;
        // While the client was slow, the endpoint could not send: restart its idle time.
        if (!unsent_.empty()) heard_at_ = client_.turn();
    }
    if (!body_.done()) end_at_close();
    co_return client_failed_ ? RelayEnd::client_gone : RelayEnd::complete;
}

// The body ended with its connection.
void Relay::end_at_close() {
    if (progress_.edits()) {
        UsageFilter::Passed rest;
        progress_.end_edit(rest);
        write(rest.pieces());
    }
    observer_.answer_is_in();
    // For the client the body ends with a last chunk of its own.
    if (options_.chunked_out) unsent_.append(kLastChunk);
}

bool Relay::push(std::string_view bytes) {
    std::array<std::string_view, kMaxSlices> slices;
    while (!bytes.empty() || body_.done()) {
        std::size_t count = 0;
        while (count < slices.size() && !bytes.empty() && !body_.done()) {
            const http::BodyReader::Piece piece = body_.next(bytes);
            if (piece.failed) {
                // Content before the fault is valid.
                if (count > 0) write(std::span(slices).first(count));
                return false;
            }
            bytes.remove_prefix(piece.consumed);
            if (!piece.content.empty()) slices[count++] = piece.content;
        }
        if (count > 0 || body_.done()) pass(std::span(slices).first(count));
        if (body_.done()) break;
    }
    excess_ = !bytes.empty();
    return true;
}

void Relay::pass(std::span<const std::string_view> slices) {
    if (!progress_.edits()) {
        for (const std::string_view slice : slices) progress_.passed(slice, client_.turn());
        if (body_.done()) observer_.answer_is_in();
        return write(slices);
    }
    UsageFilter::Passed passed;
    for (const std::string_view slice : slices) progress_.edit(slice, passed, client_.turn());
    if (body_.done()) {
        progress_.end_edit(passed);
        observer_.answer_is_in();
    }
    write(passed.pieces());
}

void Relay::write(std::span<const std::string_view> slices) {
    std::size_t size = 0;
    for (const std::string_view slice : slices) size += slice.size();
    const ChunkSize chunk(size);
    std::array<iovec, UsageFilter::Passed::kRoom + 4> parts;
    std::size_t count = 0;
    if (!unsent_.empty()) parts[count++] = as_part(unsent_);
    if (options_.chunked_out && size > 0) parts[count++] = as_part(chunk.text());
    for (const std::string_view slice : slices) parts[count++] = as_part(slice);
    if (options_.chunked_out && size > 0) parts[count++] = as_part("\r\n");
    if (options_.chunked_out && body_.done()) parts[count++] = as_part(kLastChunk);
    if (count == 0) return;
    if (size > 0) {
        if (first_content_ == TimePoint{}) {
            first_content_ = client_.now();
            if (options_.backend != nullptr) options_.backend->began(*options_.endpoint, client_.turn());
        }
        for (const std::string_view slice : slices) tail_.passed(slice);
    }
    const net::IoResult result = client_.stream->try_write(std::span(parts).first(count));
    client_failed_ |= result.status == IoStatus::failed;
    if (result.bytes > 0) sent_at_ = client_.turn();
    keep(std::span(parts).first(count), result.bytes);
}

void Relay::keep(std::span<const iovec> parts, std::size_t sent) {
    std::string rest;
    // Everything queued was sent: its memory can be reused.
    if (unsent_.size() <= sent) client_.worker.texts().give(std::move(unsent_));
    for (const iovec& part : parts) {
        const std::size_t skip = std::min(sent, part.iov_len);
        sent -= skip;
        rest.append(static_cast<const char*>(part.iov_base) + skip, part.iov_len - skip);
    }
    unsent_.swap(rest);
    lease_.resize(unsent_.size());
}

void Relay::flush() {
    if (unsent_.empty() || client_failed_) return;
    const iovec part = as_part(unsent_);
    const net::IoResult result = client_.stream->try_write({&part, 1});
    client_failed_ |= result.status == IoStatus::failed;
    if (result.bytes == 0) return;
    sent_at_ = client_.turn();
    unsent_.erase(0, result.bytes);
    // An empty string may still hold the memory of a long answer.
    if (unsent_.empty()) free_memory(unsent_);
    lease_.resize(unsent_.size());
}

void Relay::add(std::string_view content) {
    unsent_.append(ChunkSize(content.size()).text()).append(content).append("\r\n");
    lease_.resize(unsent_.size());
}

std::string_view Relay::probe() const {
    const bool may_add = can_add_event() && unsent_.empty() && !within_event();
    return may_add ? ClientProbe::kChunkedComment : std::string_view{};
}

}  // namespace weir::downstream

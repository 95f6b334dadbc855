#include "upstream/fetch.hpp"

#include "http/body.hpp"
#include "http/head.hpp"
#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kMaxHead = 16 * 1024;

// An answer as it comes, without I/O.
class Answer {
public:
    explicit Answer(std::size_t most) : most_(most) {}

    // False when nothing further is wanted: it is all here, or it never will be.
    bool take(std::string_view bytes) {
        if (fetched_.status != 0) return take_body(bytes);
        head_bytes_.append(bytes);
        http::ResponseHead head;
        auto parsed = http::parse_response(head_bytes_, {}, false, head);
        while (parsed.status == http::ParseStatus::complete && head.status < 200) {
            head_bytes_.erase(0, parsed.consumed);
            parsed = http::parse_response(head_bytes_, {}, false, head);
        }
        if (parsed.status == http::ParseStatus::refused || head_bytes_.size() > kMaxHead + kReadBytes) return false;
        if (parsed.status != http::ParseStatus::complete) return true;
        fetched_.status = head.status;
        body_ = http::BodyReader(head.framing, head.content_length);
        return most_ > 0 && take_body(std::string_view(head_bytes_).substr(parsed.consumed));
    }

    // The connection has ended. What is then whole is the answer.
    void end() {
        if (most_ > 0 && !body_.done() && !body_.ends_at_close()) fetched_ = {};
    }
    Fetched result() && { return std::move(fetched_); }

private:
    bool take_body(std::string_view bytes) {
        while (!bytes.empty() && !body_.done()) {
            const http::BodyReader::Piece piece = body_.next(bytes);
            if (piece.failed || fetched_.body.size() + piece.content.size() > most_) {
                fetched_ = {};
                return false;
            }
            fetched_.body.append(piece.content);
            bytes.remove_prefix(piece.consumed);
        }
        return !body_.done();
    }

    std::size_t most_;
    std::string head_bytes_;
    http::BodyReader body_;
    Fetched fetched_;
};

Fetched without_answer(WhyDown fault) {
    Fetched fetched;
    fetched.fault = std::move(fault);
    return fetched;
}

}  // namespace

net::task<Fetched> fetch(Endpoint& endpoint, std::string_view path, std::size_t most, net::Waker& waker,
                         net::Timer& timer, TimePoint deadline) {
    ConnectResult result = co_await connect(endpoint, waker, timer, deadline, nullptr);
    if (!result.connection) co_return without_answer(std::move(result.fault));
    net::ByteStream& stream = result.connection->stream();
    const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + endpoint.authority() +
                                "\r\nUser-Agent: weir/" WEIR_VERSION "\r\nConnection: close\r\n\r\n";
    timer.set(deadline);
    std::size_t sent = 0;
    Answer answer(most);
    for (;;) {
        if (waker.loop().now() >= deadline) co_return without_answer({DownReason::timeout, "no answer in time"});
        if (sent < request.size()) {
            const iovec part = net::as_part(std::string_view(request).substr(sent));
            const net::IoResult written = stream.try_write({&part, 1});
            if (written.status == net::IoStatus::failed) co_return without_answer({DownReason::bad_answer, "closed"});
            sent += written.bytes;
            if (written.status == net::IoStatus::ok) continue;
        }
        const std::span<char> scratch = waker.loop().scratch();
        const net::IoResult read = stream.try_read(scratch.first(kReadBytes));
        if (read.status == net::IoStatus::would_block) {
            co_await waker.wait();
            continue;
        }
        if (read.status == net::IoStatus::ok) {
            const bool more = answer.take({scratch.data(), read.bytes});
            if (more) continue;
        } else {
            answer.end();
        }
        Fetched fetched = std::move(answer).result();
        if (fetched.status == 0) fetched.fault = {DownReason::bad_answer, "no answer that is whole"};
        co_return fetched;
    }
}

}  // namespace weir::upstream

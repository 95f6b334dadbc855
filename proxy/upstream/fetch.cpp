#include "upstream/fetch.hpp"

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <optional>

#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kMaxHead = 16 * 1024;

// The beginning of a body, for Beast's parser. Beast's own string reserves what a Content-Length says, however much.
struct FirstBytes {
    struct value_type {
        std::string text;
        std::size_t max = 0;
    };

    class reader {
    public:
        template <bool is_request, typename Fields>
        reader(http::header<is_request, Fields>& /*head*/, value_type& kept) : kept_(kept) {}

        void init(const boost::optional<std::uint64_t>& /*length*/, error_code& error) { error = {}; }
        template <typename Buffers>
        std::size_t put(const Buffers& buffers, error_code& error) {
            error = {};
            std::size_t size = 0;
            for (const boost::asio::const_buffer part : boost::beast::buffers_range_ref(buffers)) {
                const std::size_t kept = std::min(part.size(), kept_.max - kept_.text.size());
                kept_.text.append(static_cast<const char*>(part.data()), kept);
                size += part.size();
            }
            return size;
        }
        void finish(error_code& error) { error = {}; }

    private:
        value_type& kept_;
    };
};

// An answer as it arrives. Beast's parser accepts bytes from any source, here from a stream with the backend's own TLS,
// which Asio's streams do not support.
class Answer {
public:
    explicit Answer(WantedBody wanted) : wanted_(wanted) { begin(); }

    // False when no more bytes are wanted: the answer is complete, or never will be.
    bool take(std::string_view bytes) {
        inbox_.append(bytes);
        error_code error;
        do {
            if (parser_->is_done()) begin();  // it was an interim answer
            inbox_.erase(0, parser_->put(boost::asio::buffer(inbox_), error));
        } while (!error && parser_->is_done() && is_interim() && !inbox_.empty());
        return (!error || error == http::error::need_more) && !is_complete();
    }

    // The connection has ended: an answer that is complete by that counts.
    void end() {
        error_code error;
        if (parser_->is_header_done() && !parser_->is_done()) parser_->put_eof(error);
    }

    Fetched result() && {
        if (!is_complete()) return {};
        return {static_cast<int>(parser_->get().result_int()), std::move(parser_->get().body().text), {}};
    }

private:
    void begin() {
        parser_.emplace();
        parser_->eager(true);
        parser_->header_limit(kMaxHead);
        parser_->body_limit(wanted_.is_cut_off ? boost::optional<std::uint64_t>() : wanted_.max);
        parser_->skip(wanted_.max == 0);
        parser_->get().body().max = wanted_.max;
    }
    [[nodiscard]] bool is_complete() const {
        const bool enough = wanted_.is_cut_off && parser_->get().body().text.size() == wanted_.max;
        return (parser_->is_done() || enough) && !is_interim();
    }
    [[nodiscard]] bool is_interim() const { return parser_->get().result_int() < 200; }

    WantedBody wanted_;
    std::string inbox_;  // not yet consumed by the parser
    std::optional<http::response_parser<FirstBytes>> parser_;
};

Fetched without_answer(WhyDown fault) {
    Fetched fetched;
    fetched.fault = std::move(fault);
    return fetched;
}

}  // namespace

WhyDown Fetched::fault_of(const HealthConfig& config) const {
    if (status == 0) return fault;
    const auto& wanted = config.statuses;
    const bool expected = wanted.empty() ? success()
                                         : std::any_of(wanted.begin(), wanted.end(),
                                                       [&](StatusRange range) { return range.contains(status); });
    if (!expected) return {DownReason::status, std::to_string(status)};
    if (body.find(config.body) == std::string::npos) {
        return {DownReason::text, std::to_string(status) + " without the expected text"};
    }
    return {};
}

std::string check_request(const Backend& backend, const Endpoint& endpoint) {
    const HealthConfig& health = *backend.config().health;
    std::string fields = "\r\nUser-Agent: weir/" WEIR_VERSION "\r\nConnection: close\r\n";
    if (health.method != "GET" && health.method != "HEAD") fields += "Content-Length: 0\r\n";
    const std::string line = health.method + " " + health.path + " HTTP/1.1\r\nHost: ";
    return backend.check_edits().apply(line, backend.host_of(endpoint), fields + "\r\n", endpoint.config().path);
}

std::string get_request(const Backend& backend, const Endpoint& endpoint, std::string_view path) {
    constexpr std::string_view kFields = "\r\nUser-Agent: weir/" WEIR_VERSION "\r\nConnection: close\r\n\r\n";
    std::string line("GET ");
    line.append(path).append(" HTTP/1.1\r\nHost: ");
    return backend.edits().apply(line, backend.host_of(endpoint), kFields, endpoint.config().path);
}

net::task<Fetched> fetch(Endpoint& endpoint, std::string request, WantedBody wanted, net::Waker& waker,
                         net::Timer& timer, TimePoint deadline) {
    ConnectResult result = co_await connect(endpoint, waker, timer, deadline, nullptr);
    if (!result.connection) co_return without_answer(std::move(result.fault));
    net::ByteStream& stream = result.connection->stream();
    timer.set(deadline);
    std::size_t sent = 0;
    Answer answer(wanted);
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
        if (fetched.status == 0) fetched.fault = {DownReason::bad_answer, "no complete answer"};
        co_return fetched;
    }
}

}  // namespace weir::upstream

#include "admin/server.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <list>

#include "base/ip.hpp"
#include "base/sha256.hpp"
#include "http/head.hpp"
#include "net/byte_stream.hpp"
#include "net/listener.hpp"
#include "net/task.hpp"

namespace weir::admin {
namespace {

using namespace std::chrono_literals;

// Operators are few: a scraper, a probe or two, a person.
constexpr std::size_t kMaxConnections = 64;
constexpr Duration kTimeout = 10s;
constexpr std::size_t kMaxHead = 16 * 1024;

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

std::string_view phrase_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 421: return "Misdirected Request";
        default: return "Service Unavailable";
    }
}

std::string write_answer(const Answer& answer, bool to_head) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    text.append(phrase_of(answer.status)).append("\r\nContent-Type: ").append(answer.content_type);
    if (answer.status == 401) text.append("\r\nWWW-Authenticate: Bearer");
    if (answer.status == 405) text.append("\r\nAllow: GET, HEAD");
    text.append("\r\nContent-Length: ").append(std::to_string(answer.body.size()));
    text.append("\r\nConnection: close\r\n\r\n");
    return to_head ? text : text.append(answer.body);
}

}  // namespace

struct Server::Impl {
    // One request on one connection, then it closes.
    class Session {
    public:
        Session(Impl& owner, std::unique_ptr<net::ByteStream> bytes)
            : server(owner),
              waker(owner.loop),
              timer(owner.loop.timers(), waker),
              stream(std::move(bytes)),
              task(run()) {
            stream->source().set_waker(&waker);
        }
        [[nodiscard]] bool done() const { return task.done(); }
        // Its head has come: it is being answered.
        [[nodiscard]] bool asked() const { return asked_; }
        void start() { task.start(); }

    private:
        net::task<void> run() {
            const TimePoint deadline = waker.loop().now() + kTimeout;
            timer.set(deadline);
            std::string text;
            try {
                text = co_await read_and_answer(deadline);
            } catch (const std::exception& error) {  // out of memory or descriptors, say: this connection just closes
                waker.loop().note_fault(error.what());
            }
            std::string_view rest = text;
            while (!rest.empty() && waker.loop().now() < deadline) {
                const iovec part = net::as_part(rest);
                const net::IoResult result = stream->try_write({&part, 1});
                if (result.status == net::IoStatus::failed) break;
                rest.remove_prefix(result.bytes);
                if (result.status == net::IoStatus::would_block) co_await waker.wait();
            }
            stream->shutdown_write();
            server.sweep.wake();
        }

        net::task<std::string> read_and_answer(TimePoint deadline) {
            std::string inbox;
            http::RequestHead head;
            while (waker.loop().now() < deadline) {
                const std::span<char> scratch = waker.loop().scratch();
                const net::IoResult result = stream->try_read(scratch.first(4096));
                if (result.status == net::IoStatus::eof || result.status == net::IoStatus::failed) break;
                inbox.append(scratch.data(), result.bytes);
                const auto parsed = http::parse_request(inbox, {.bytes = kMaxHead}, head);
                asked_ = parsed.status != http::ParseStatus::need_more;
                if (parsed.status == http::ParseStatus::complete) {
                    co_return write_answer(server.answer(head), head.method == "HEAD");
                }
                if (parsed.status == http::ParseStatus::refused) {
                    co_return write_answer({400, "text/plain; charset=utf-8", std::string(parsed.detail) + "\n"},
                                           false);
                }
                if (result.status == net::IoStatus::would_block) co_await waker.wait();
            }
            co_return std::string{};
        }

        Impl& server;
        net::Waker waker;
        net::Timer timer;
        std::unique_ptr<net::ByteStream> stream;
        bool asked_ = false;
        net::task<void> task;
    };

    struct Sweep final : net::Wakeable {
        explicit Sweep(Impl& owner) : Wakeable(owner.loop), server(owner) {}
        void run() override {
            server.sessions.remove_if([](const Session& session) { return session.done(); });
        }
        Impl& server;
    };

    Impl(net::EventLoop& owner, int fd, std::vector<Route> given)
        : loop(owner),
          routes(std::move(given)),
          local(net::local_address(fd).storage.ss_family == AF_UNIX),
          sweep(*this),
          listener(owner, fd, [this](int client, const net::SocketAddress&) { accept(client); }) {}

    void accept(int fd) {
        if (sessions.size() >= kMaxConnections) make_room();
        sessions.emplace_back(*this, net::make_tcp_stream(loop, fd)).start();
    }

    // A probe is answered however many connections stand there and say nothing: the oldest goes that has not asked yet,
    // or, where all have, the oldest of all.
    void make_room() {
        const auto silent =
            std::find_if(sessions.begin(), sessions.end(), [](const Session& session) { return !session.asked(); });
        sessions.erase(silent != sessions.end() ? silent : sessions.begin());
    }

    // A page of the web whose name is made to lead here (DNS rebinding) can have a browser ask, but cannot choose Host.
    [[nodiscard]] bool is_for_us(const http::RequestHead& head) const {
        const http::Field* field = head.fields.find(http::FieldId::host);
        if (local || field == nullptr || field->value.empty()) return true;
        std::string_view host = field->value;
        const std::size_t colon = host.rfind(':');
        if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
            host = host.substr(0, colon);
        }
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        if (host.ends_with('.')) host.remove_suffix(1);
        const std::string name = in_lower_case(host);
        return name == "localhost" || IpAddress::parse(name) ||
               std::find(names.begin(), names.end(), name) != names.end();
    }

    [[nodiscard]] bool is_authorized(const http::RequestHead& head) const {
        if (!token) return true;
        const http::Field* field = head.fields.find(http::FieldId::authorization);
        constexpr std::string_view kScheme = "Bearer ";
        if (field == nullptr || !field->value.starts_with(kScheme)) return false;
        return equal_in_constant_time(sha256(field->value.substr(kScheme.size())), *token);
    }

    [[nodiscard]] Answer answer(const http::RequestHead& head) const {
        if (!is_for_us(head)) {
            return {421, "text/plain; charset=utf-8", "ask by an address, as localhost, or by a name in admin.names\n"};
        }
        const auto route =
            std::find_if(routes.begin(), routes.end(), [&](const Route& entry) { return entry.path == head.path(); });
        if (route == routes.end()) {
            Answer missing{404, "text/plain; charset=utf-8", "There is:\n"};
            for (const Route& entry : routes) missing.body.append("  ").append(entry.path).append("\n");
            return missing;
        }
        if (head.method != "GET" && head.method != "HEAD")
            return {405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
        if (route->needs_token && !is_authorized(head))
            return {401, "text/plain; charset=utf-8", "a bearer token is needed\n"};
        return route->answer();
    }

    net::EventLoop& loop;
    std::vector<Route> routes;
    std::optional<Sha256> token;
    std::vector<std::string> names;
    bool local;  // a unix socket: no browser gets there
    std::list<Session> sessions;
    Sweep sweep;
    net::Listener listener;
};

Server::Server(net::EventLoop& loop, int fd, std::vector<Route> routes)
    : impl_(std::make_unique<Impl>(loop, fd, std::move(routes))) {}
Server::~Server() = default;

void Server::set_token(std::optional<std::string> token) {
    impl_->token = token ? std::optional(sha256(*token)) : std::nullopt;
}

void Server::set_names(std::vector<std::string> names) {
    for (std::string& name : names) name = in_lower_case(name);
    impl_->names = std::move(names);
}

}  // namespace weir::admin

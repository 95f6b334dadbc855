// Refuses heads made as expensive as a client can make them, at two sizes each, and marks for callgrind where each
// begins and ends: hostile_heads_test.py runs it there and checks the counts. Every refusal goes the whole way, from
// the bytes on a socket to the record; what needs no refusal (an answer's head) is read and written alone.

#include <sys/socket.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "downstream/worker.hpp"
#include "gateway/assembly.hpp"
#include "http/forward.hpp"
#include "support/loop.hpp"
#include "support/policies.hpp"
#include "support/sockets.hpp"

namespace weir::downstream {
namespace {

using namespace std::chrono_literals;

// Every client is over its rate from the second request on, and every peer may name the client that it speaks for.
constexpr std::string_view kPolicy = R"(
version: 1
workers: 1
listeners:
  - { name: public, bind: "127.0.0.1:0" }
clients:
  trusted_proxies: ["0.0.0.0/0", "::/0"]
  api_keys:
    - { name: one, sha256: "0000000000000000000000000000000000000000000000000000000000000000" }
backends:
  - name: model
    endpoints: http://127.0.0.1:1
    capacity: { requests: 1 }
classes:
  - name: special
    match: { header: { x-special: "yes" } }
    backend: model
    limits: { requests: { rate: 1/h, burst: 1 } }
  - name: everyone
    match: any
    backend: model
    limits: { requests: { rate: 1/h, burst: 1 } }
)";

struct Silent final : telemetry::Recorder {
    void record(const telemetry::Record& /*record*/) override {}
    void connection_opened(ListenerId /*listener*/) override {}
    void connection_closed(ListenerId /*listener*/) override { on_closed(); }
    void connection_refused(ListenerId /*listener*/, telemetry::ConnectionRefusal /*why*/) override {}
    void buffered(std::int64_t /*delta*/) override {}

    std::function<void()> on_closed = [] {};
};

// What comes on one connection, which then ends.
struct Knock {
    std::string name;  // empty: not measured
    std::string bytes;
    std::size_t piece = 0;  // in pieces of at most that size
};

class Door {
public:
    explicit Door(std::vector<Knock> knocks) : knocks_(std::move(knocks)) {
        static const policy::Policy policy = test::policy_of(kPolicy);
        assembly_ = gateway::assemble(numbering::number(policy, names_).value(), nullptr, 1, Clock::now()).value();
        worker_ = std::make_unique<Worker>(0, state_, recorder_, assembly_.routing);
        recorder_.on_closed = [this] { loop().post([this] { end(); }); };
    }

    // Sends it that often. False if one was let in.
    bool run() {
        loop().post([this] {
            feeder_ = std::make_unique<test::Probe>(loop(), [this] { feed(); });
            begin();
        });
        loop().run();
        return sound_;
    }

private:
    net::EventLoop& loop() { return worker_->loop(); }

    void begin() {
        if (at_ == knocks_.size()) return loop().stop();
        left_ = knocks_[at_].bytes;
        ends_ = test::unix_pair();
        const int size = 1 << 20;
        setsockopt(ends_.far.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        if (!knocks_[at_].name.empty()) CALLGRIND_ZERO_STATS;
        worker_->serve(assembly_.routing->listeners[0].id, *IpAddress::parse("192.0.2.1"),
                       net::make_tcp_stream(loop(), ends_.near.release()));
        feeder_->wake();
    }

    void feed() {
        const std::string_view part = left_.substr(0, knocks_[at_].piece);
        left_.remove_prefix(part.size());
        const bool sent = !part.empty() && ::send(ends_.far.get(), part.data(), part.size(), MSG_NOSIGNAL) > 0;
        if (!sent) ::shutdown(ends_.far.get(), SHUT_WR);
        if (sent) feeder_->wake();
    }

    void end() {
        const Knock& knock = knocks_[at_++];
        if (!knock.name.empty()) {
            CALLGRIND_DUMP_STATS_AT(knock.name.c_str());
            std::printf("%s|%zu\n", knock.name.c_str(), knock.bytes.size());
            const std::string said = ends_.far.receive();
            const bool refused = said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.1 5");
            if (!refused) std::printf("not refused: %s\n", said.c_str());
            sound_ &= refused;
        }
        begin();
    }

    std::vector<Knock> knocks_;
    numbering::Names names_;
    gateway::Assembly assembly_;
    ProcessState state_;
    Silent recorder_;
    std::unique_ptr<Worker> worker_;
    std::unique_ptr<test::Probe> feeder_;
    test::SocketPair ends_;
    std::size_t at_ = 0;
    std::string_view left_;
    bool sound_ = true;
};

std::string repeated(std::string_view part, std::size_t bytes) {
    std::string text;
    while (text.size() + part.size() <= bytes) text += part;
    return text;
}

std::string with(const std::string& fields, const std::string& target = "/") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

// As many fields as a head may have, of one name, that together have this length.
std::string many(const std::string& name, std::string_view part, std::size_t bytes) {
    std::string fields;
    for (int i = 0; i < 95; ++i) fields += name + ": " + repeated(part, bytes / 95) + "\r\n";
    return fields;
}

// More fields of that kind for a larger n, in steps.
std::string more(std::string_view field, std::size_t bytes) {
    return repeated(field, bytes * 90 / 24'000 * field.size());
}

struct Shape {
    std::string name;
    std::function<std::string(std::size_t)> head;
    std::size_t piece = 1 << 20;
};

std::vector<Shape> shapes() {
    const std::string equal_names = [] {
        std::string text = "Connection: ";
        for (int i = 10; i < 40; ++i) text += "x-abcdefghij" + std::to_string(i) + ",";
        return text + "x\r\n";
    }();
    std::vector<Shape> all = {
        {"one long field", [](std::size_t n) { return with("X-A: " + repeated("x", n) + "\r\n"); }},
        {"many long fields", [](std::size_t n) { return with(many("X-A", "x", n)); }},
        {"more fields", [](std::size_t n) { return with(more("X-A: 1\r\n", n)); }},
        {"Connection of commas", [](std::size_t n) { return with("Connection: x" + repeated(",", n) + "\r\n"); }},
        {"Connections of names", [](std::size_t n) { return with(many("Connection", "x,", n)); }},
        {"Connection of the longest list and more fields that nearly match",
         [=](std::size_t n) { return with(equal_names + more("X-ABCDEFGHIJ99: 1\r\n", n)); }},
        {"Keep-Alive and Proxy-Connection lists",
         [](std::size_t n) { return with(many("Proxy-Connection", "x, ", n)); }},
        {"an upgrade to many",
         [](std::size_t n) { return with("Connection: upgrade\r\n" + many("Upgrade", "x, ", n)); }},
        {"a long Via", [](std::size_t n) { return with("Via: " + repeated("1.1 a, ", n) + "\r\n"); }},
        {"many Vias", [](std::size_t n) { return with(many("Via", "1.1 a, ", n)); }},
        {"a long chain",
         [](std::size_t n) { return with("X-Forwarded-For: 10.0.0.1" + repeated(", 10.0.0.1", n) + "\r\n"); }},
        {"many chains",
         [](std::size_t n) { return with(many("X-Forwarded-For", "10.0.0.1,", n) + "X-Forwarded-For: ::1\r\n"); }},
        {"claims", [](std::size_t n) { return with(many("X_Forwarded_Host", "x", n)); }},
        {"names that are nearly known", [](std::size_t n) { return with(more("X-Forwardes: 1\r\n", n)); }},
        {"encodings",
         [](std::size_t n) { return with("Transfer-Encoding: " + repeated("gzip, ", n) + "chunked\r\n"); }},
        {"codings",
         [](std::size_t n) {
             return with(many("Content-Encoding", "identity, ", n) + "Content-Length: 5\r\n") + "hello";
         }},
        {"a type of many parameters",
         [](std::size_t n) {
             return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: "
                    "application/json" +
                    repeated(";charset=utf-8", n) + "\r\n\r\n{}";
         }},
        {"cookies", [](std::size_t n) { return with(many("Cookie", "a=b; ", n)); }},
        {"a long key", [](std::size_t n) { return with("Authorization: Bearer " + repeated("x", n) + "\r\n"); }},
        {"keys", [](std::size_t n) { return with(many("X-Api-Key", "x", n)); }},
        {"a long idempotency key", [](std::size_t n) { return with("Idempotency-Key: " + repeated("x", n) + "\r\n"); }},
        {"a condition's field", [](std::size_t n) { return with(more("X-Special: 1\r\n", n)); }},
        {"a long path", [](std::size_t n) { return with("", "/" + repeated("x", n / 4)); }},
        {"escapes", [](std::size_t n) { return with("", "/" + repeated("%61", n / 12)); }},
        {"segments", [](std::size_t n) { return with("", "/" + repeated("a/", n / 4) + "a"); }},
        {"parameters of segments", [](std::size_t n) { return with("", "/" + repeated("a;b=c/", n / 12) + "a"); }},
        {"a long query", [](std::size_t n) { return with("", "/?" + repeated("a=b&", n / 4)); }},
        {"requests upon requests", [](std::size_t n) { return repeated(with(""), n / 8); }},
        {"one long field in pieces", [](std::size_t n) { return with("X-A: " + repeated("x", n) + "\r\n"); }, 32},
        {"many fields in pieces", [](std::size_t n) { return with(many("X-A", "x", n)); }, 32},
    };
    return all;
}

std::string answer(const std::string& fields) { return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + fields + "\r\n"; }

// What an endpoint may send: read, and written for the client.
void pass_answer(const std::string& text) {
    http::ResponseHead head;
    const http::ParseResult read = http::parse_response(text, {.bytes = 65'536, .fields = 200}, false, head);
    if (read.status != http::ParseStatus::complete) return;
    std::string out;
    http::write_response_head(head, {.request_id = "id", .pseudonym = "weir"}, {}, out);
}

std::vector<Shape> answers() {
    return {
        {"answer: Connection of commas",
         [](std::size_t n) { return answer("Connection: x" + repeated(",", n) + "\r\n"); }},
        {"answer: Connections of names", [](std::size_t n) { return answer(many("Connection", "x,", n)); }},
        {"answer: names and more fields",
         [](std::size_t n) {
             return answer("Connection: " + repeated("x-ab,", 150) + "x\r\n" + more("X-AC: 1\r\n", n));
         }},
        {"answer: many long fields", [](std::size_t n) { return answer(many("X-A", "x", n)); }},
    };
}

bool refuse_all() {
    std::vector<Knock> knocks = {{"", with(""), 1 << 20}};  // the one that is not over the rate
    for (const Shape& shape : shapes()) {
        for (const std::size_t size : {12'000, 24'000}) {
            const std::string bytes = shape.head(size);
            knocks.push_back({"", bytes, shape.piece});  // warms up what is done once
            knocks.push_back({shape.name, bytes, shape.piece});
        }
    }
    return Door(std::move(knocks)).run();
}

void pass_answers() {
    for (const Shape& shape : answers()) {
        for (const std::size_t size : {12'000, 24'000}) {
            const std::string bytes = shape.head(size);
            CALLGRIND_ZERO_STATS;
            pass_answer(bytes);
            CALLGRIND_DUMP_STATS_AT(shape.name.c_str());
            std::printf("%s|%zu\n", shape.name.c_str(), bytes.size());
        }
    }
}

}  // namespace
}  // namespace weir::downstream

int main() {
    if (!weir::downstream::refuse_all()) return 1;
    weir::downstream::pass_answers();
    return 0;
}

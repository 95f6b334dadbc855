#pragma once
// The clients in front of the proxy under test.
//
// ClosedLoop asks again as soon as it is answered, once every connection has been; IdleHold asks once on each
// connection and then holds them all; EventStreams reads one stream on each and may cancel some midway.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "events.hpp"
#include "histogram.hpp"
#include "http.hpp"
#include "loop.hpp"
#include "tls.hpp"

namespace weir::bench {

class Clients;

// What the clients of a run request, and from which server.
struct Demand {
    sockaddr_in target{};
    std::string request;
    std::size_t connections = 0;
    TlsClient* tls = nullptr;  // null: plain HTTP
};

// One keep-alive connection. It notifies its owner of each request's outcome.
class Client final : public Source {
public:
    // Starts to connect. Throws std::system_error if even that fails.
    Client(Clients& owner, std::size_t index);

    void ready(std::uint32_t events) override;
    void send_request();

    [[nodiscard]] std::size_t index() const { return index_; }
    // When the request was sent; of a connection's first request, when it began to connect.
    [[nodiscard]] Nanoseconds sent_at() const { return sent_at_; }
    [[nodiscard]] const MessageReader& answer() const { return answer_; }

private:
    void send_rest();
    void receive();
    void connected();
    void shake();
    ssize_t read(std::span<char> into);
    ssize_t write(std::string_view bytes);

    Clients& owner_;
    std::size_t index_;
    MessageReader answer_;
    std::string refusal_;  // the start of a body that came with an error status
    std::size_t sent_ = 0;
    Nanoseconds sent_at_;
    std::unique_ptr<TlsSession> tls_;
    bool connecting_ = true;
    bool shaking_ = false;  // in the TLS handshake
    bool asked_ = false;    // at least once
    bool waiting_ = false;  // for an answer
    bool blocked_ = false;  // the request did not fit into the socket
};

// Shared by all kinds of client: the connections, and a record of errors. Not thread-safe: owned by one loop.
class Clients {
public:
    Clients(Loop& loop, Demand demand);
    virtual ~Clients();

    // Throws std::runtime_error when so much has failed that the run means nothing.
    void check() const;

    [[nodiscard]] std::uint64_t errors() const { return errors_; }
    [[nodiscard]] const std::string& first_error() const { return first_error_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] const std::map<int, std::uint64_t>& statuses() const { return statuses_; }

protected:
    friend class Client;

    void open(std::size_t index);
    void drop(std::size_t index);
    void error(const std::string& what);
    [[nodiscard]] Client* client(std::size_t index) { return clients_[index].get(); }
    [[nodiscard]] std::size_t size() const { return clients_.size(); }

    virtual void body(Client& client, std::string_view bytes);
    virtual void answered(Client& client) = 0;  // the client's connection may be used again
    virtual void lost(Client& client) = 0;      // the connection is unusable; an error is already counted

    Loop& loop_;

private:
    Demand demand_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::uint64_t errors_ = 0;
    std::string first_error_;
    std::uint64_t bytes_ = 0;
    std::map<int, std::uint64_t> statuses_;
};

class ClosedLoop final : public Clients {
public:
    ClosedLoop(Loop& loop, Demand demand);

    // Connections are opened a few at a time, and each asks once and then waits for the others: thousands that came at
    // once would overflow the queue in which the kernel keeps them until they are accepted, and be late for seconds.
    // From start() on all of them ask, again and again. REQUIRES: called once.
    void start();
    // Whether each of them has been answered: before start(), then after it, then after measure().
    [[nodiscard]] bool all_answered() const { return answered_ == size(); }
    // From here on, requests count.
    void measure();
    [[nodiscard]] const Histogram& latency() const { return latency_; }

private:
    void answered(Client& client) override;
    void lost(Client& client) override;

    static constexpr std::size_t kAtOnce = 256;

    void ask_again(Client& client);

    bool started_ = false;
    std::size_t opened_ = 0;
    std::vector<bool> has_answer_;
    std::size_t answered_ = 0;
    Histogram latency_;  // nanoseconds
};

class IdleHold final : public Clients {
public:
    IdleHold(Loop& loop, Demand demand);

    [[nodiscard]] bool all_open() const { return held_ == size(); }
    [[nodiscard]] std::size_t held() const { return held_; }

private:
    static constexpr std::size_t kAtOnce = 32;  // opened together, so that the proxy's upstream pool stays small

    void answered(Client& client) override;
    void lost(Client& client) override;
    void open_next();

    std::size_t opened_ = 0;
    std::size_t held_ = 0;
};

class EventStreams final : public Clients {
public:
    EventStreams(Loop& loop, Demand demand);

    // Closes the connections of the first `count` streams abruptly, like a client that leaves.
    void cancel(std::size_t count);

    [[nodiscard]] std::size_t running() const { return running_; }
    [[nodiscard]] std::size_t completed() const { return completed_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] const Histogram& delay() const { return delay_; }

private:
    void body(Client& client, std::string_view bytes) override;
    void answered(Client& client) override;
    void lost(Client& client) override;
    void end(Client& client);

    std::vector<EventCheck> checks_;
    std::vector<bool> ended_;
    std::size_t running_;
    std::size_t completed_ = 0;
    std::uint64_t events_ = 0;
    Histogram delay_;  // nanoseconds from the backend's send to the client's read
};

}  // namespace weir::bench

#pragma once
// Looks names up without blocking a loop: addresses (A and AAAA, and /etc/hosts) and services (SRV, RFC 2782), with the
// time for which the answer may be kept.
//
// c-ares asks; a thread of its own waits for the answers of all look-ups at once. A name server that hangs delays
// neither other names nor the end of the process: each look-up ends within a few seconds, and at once when its Dns
// goes.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "net/event_loop.hpp"
#include "net/socket.hpp"

namespace weir::net {

using namespace std::chrono_literals;

class Dns {
public:
    // After which a look-up has failed, whatever the name servers do.
    static constexpr Duration kLongest = 5s;

    struct Question {
        std::string host;
        std::uint16_t port = 0;            // of the addresses; of a service, its own
        bool is_service = false;           // `host` is `_service._proto.name`
        std::vector<std::string> servers;  // ADDRESS or ADDRESS:PORT; empty: the system's

        friend bool operator==(const Question&, const Question&) = default;
    };
    struct Found {
        SocketAddress address;
        std::string host;          // the name that has this address
        std::uint16_t weight = 1;  // relative to the others, of a service
    };
    struct Answer {
        std::vector<Found> found;  // addresses in the system's order (RFC 6724)
        Duration ttl{};            // the shortest of its records
        std::string error;         // why there is none; empty: there is
    };
    using OnAnswer = std::function<void(Answer)>;

    explicit Dns(EventLoop& loop);
    ~Dns();
    Dns(const Dns&) = delete;
    Dns& operator=(const Dns&) = delete;

    // Calls back on the loop, not from within the call. Loop's thread only.
    void ask(const Question& question, OnAnswer on_answer);

private:
    class Thread;
    std::shared_ptr<char> wanted_ = std::make_shared<char>();  // answers are called back while it is there
    std::unique_ptr<Thread> thread_;
};

}  // namespace weir::net

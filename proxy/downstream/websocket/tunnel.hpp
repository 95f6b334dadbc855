#pragma once
// A WebSocket connection through the gateway, from the 101 to its end: bytes both ways, each side read only as fast as
// the other one takes them.

#include <string_view>

#include "base/reason.hpp"
#include "downstream/client.hpp"
#include "downstream/websocket/message_gate.hpp"
#include "downstream/websocket/response_slots.hpp"

namespace weir::downstream {

class Tunnel {
public:
    struct Options {
        Duration idle{};           // neither side has sent anything for so long; without `slots`, anything but pings
        TimePoint end_by{};        // it may last no longer
        Duration write_timeout{};  // either side takes nothing of what it is sent for so long
    };

    // `slots` may be null: see MessageGate.
    Tunnel(Client& client, net::ByteStream& upstream, ResponseSlots* slots, const Options& options);
    ~Tunnel();
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    // Runs it to its end. `head` is sent first; `first` is what the server sent behind its 101. Why it ended:
    // `admitted` where nobody is to blame.
    [[nodiscard]] net::task<Reason> run(std::string_view head, std::string_view first);

    [[nodiscard]] std::uint64_t client_bytes() const { return client_bytes_; }
    [[nodiscard]] std::uint64_t server_bytes() const { return server_bytes_; }

private:
    // Does what can be done now; whether that was anything.
    bool step();
    [[nodiscard]] Reason client_left() const;
    bool read_client();
    bool read_server();
    bool flush(net::ByteStream& stream, std::string& outbox, TimePoint& taken_at, Reason failure);
    // Ends it when its time is over.
    void look_at_clock();
    void note_activity();
    void end(Reason reason, http::CloseCode code, std::string_view why);
    void account();
    [[nodiscard]] TimePoint next_deadline() const;

    Client& client_;
    net::ByteStream& upstream_;
    ResponseSlots* slots_;
    Options options_;
    MessageGate gate_;
    TimePoint heard_at_;
    TimePoint client_took_at_;
    TimePoint server_took_at_;
    std::uint64_t client_bytes_ = 0;
    std::uint64_t server_bytes_ = 0;
    std::size_t accounted_ = 0;  // in the process's count of buffered bytes
    std::size_t turn_bytes_ = 0;
    Reason reason_ = Reason::admitted;
    bool ended_ = false;
};

}  // namespace weir::downstream

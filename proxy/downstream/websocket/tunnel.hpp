#pragma once
// A WebSocket connection through the gateway, from the 101 to its end: bytes both ways, each side read only as fast as
// the other accepts them.

#include <string_view>

#include "base/reason.hpp"
#include "downstream/buffer_lease.hpp"
#include "downstream/client.hpp"
#include "downstream/websocket/message_gate.hpp"
#include "downstream/websocket/response_slots.hpp"

namespace weir::downstream {

class Tunnel {
public:
    struct Options {
        Duration idle{};           // longest silence of both sides; without `slots`, pings do not count
        TimePoint end_by{};        // its latest end
        Duration write_timeout{};  // longest time in which a side accepts nothing
    };

    // `slots` may be null: see MessageGate.
    Tunnel(Client& client, net::ByteStream& upstream, ResponseSlots* slots, const Options& options);
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    // Runs it to its end. `head` is sent first; `first` is what the server sent after its 101. Returns why it ended:
    // `admitted` if neither side is to blame.
    [[nodiscard]] net::task<Reason> run(std::string_view head, std::string_view first);

    [[nodiscard]] std::uint64_t client_bytes() const { return client_bytes_; }
    [[nodiscard]] std::uint64_t server_bytes() const { return server_bytes_; }

private:
    // Does what can be done now; returns whether that was anything.
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
    BufferLease lease_;  // of what waits in either direction
    std::size_t turn_bytes_ = 0;
    Reason reason_ = Reason::admitted;
    bool ended_ = false;
};

}  // namespace weir::downstream

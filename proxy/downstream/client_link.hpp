#pragma once
// What the parts of one client connection share: its bytes, its deadline, and who waits for both.

#include <memory>
#include <string>

#include "base/ids.hpp"
#include "base/ip.hpp"
#include "downstream/routing.hpp"
#include "net/byte_stream.hpp"
#include "net/task.hpp"
#include "net/waker.hpp"

namespace weir::downstream {

class Worker;

// What a client's certificate says of it: few have one.
struct ShownCertificate {
    std::string subject;
    std::string issuer;  // the authority that signed it
};

struct ClientLink {
    ClientLink(Worker& owner, std::shared_ptr<const Routing> policy, ListenerId from, const IpAddress& address);

    [[nodiscard]] const ListenerConfig& config() const;  // of the listener
    [[nodiscard]] const ConnectionLimits& limits() const { return config().limits; }
    [[nodiscard]] net::Source& source() { return stream->source(); }
    [[nodiscard]] TimePoint now() const { return waker.loop().now(); }
    // When this turn of the loop began: free, and near enough for every deadline.
    [[nodiscard]] TimePoint turn() const { return waker.loop().batch_time(); }

    // Reads what is there to the end of `inbox`, at most `limit` bytes of it.
    net::IoStatus read_more(std::size_t limit);

    // Sends all of `bytes`. False when the client is gone or read nothing for its write timeout.
    net::task<bool> send(std::string_view bytes);

    Worker& worker;
    std::shared_ptr<const Routing> routing;  // as of the request that is being served
    ListenerId listener;
    IpAddress peer;  // the client: the socket's other end, or whom a balancer there carries
    std::string peer_text;
    std::unique_ptr<const ShownCertificate> certificate;  // verified; null: none
    net::Waker waker;
    net::Timer timer;
    std::unique_ptr<net::ByteStream> stream;
    std::string inbox;  // bytes that came before their turn: a head's beginning, a body's, a pipelined request
};

}  // namespace weir::downstream

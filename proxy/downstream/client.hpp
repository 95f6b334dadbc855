#pragma once
// What the parts of one client connection share: its bytes, its deadline, and the waker for both.

#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>

#include "base/ids.hpp"
#include "base/ip.hpp"
#include "downstream/routing.hpp"
#include "downstream/worker_context.hpp"
#include "net/byte_stream.hpp"
#include "net/task.hpp"
#include "net/waker.hpp"

namespace weir::downstream {

struct RestTag;
using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
// Membership in the list of connections at rest: those without a complete request.
using RestHook = boost::intrusive::list_base_hook<boost::intrusive::tag<RestTag>,
                                                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// The contents of a client's certificate, which few clients have.
struct ShownCertificate {
    std::string subject;
    std::string issuer;  // the authority that signed it
};

struct Client : ConnectionHook, RestHook {
    Client(WorkerContext& context, std::shared_ptr<const Routing> policy, ListenerId from, const IpAddress& address,
           std::unique_ptr<net::ByteStream> bytes);
    virtual ~Client() = default;

    [[nodiscard]] const ListenerConfig& config() const;  // of the listener
    [[nodiscard]] const ConnectionLimits& limits() const { return config().limits; }
    [[nodiscard]] net::Source& source() { return stream->source(); }
    [[nodiscard]] TimePoint now() const { return waker.loop().now(); }
    // When this turn of the loop began: costs nothing, and is precise enough for every deadline.
    [[nodiscard]] TimePoint turn() const { return waker.loop().batch_time(); }

    // Appends what can be read to `inbox`, at most `limit` bytes.
    net::IoStatus read_more(std::size_t limit);

    // Sends all of `bytes`. False when the client is gone or has read nothing for its write timeout.
    net::task<bool> send(std::string_view bytes);

    WorkerContext& worker;
    std::shared_ptr<const Routing> routing;  // as of the request being served
    ListenerId listener;
    IpAddress peer;  // the client: the socket's other end, or the client that a balancer there carries
    std::string peer_text;
    std::unique_ptr<const ShownCertificate> certificate;  // verified; null: none
    net::Waker waker;
    net::Timer timer;
    std::unique_ptr<net::ByteStream> stream;
    TimePoint rests_since{};  // since when it rests
    std::string inbox;        // bytes read early: the beginning of a head or a body, or a pipelined request
};

}  // namespace weir::downstream

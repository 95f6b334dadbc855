#pragma once
// One client connection: request after request, in order, until one side has had enough.
//
// While it is idle it holds no buffer: only this object and one suspended coroutine.

#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string_view>

#include "downstream/client_link.hpp"
#include "http/head.hpp"
#include "http/partial_head.hpp"
#include "net/task.hpp"

namespace weir::downstream {

struct RestTag;
using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
// In the list of those that rest: without a whole request.
using RestHook = boost::intrusive::list_base_hook<boost::intrusive::tag<RestTag>,
                                                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Connection : public ConnectionHook, public RestHook {
public:
    Connection(Worker& worker, std::shared_ptr<const Routing> routing, ListenerId listener, const IpAddress& peer,
               std::unique_ptr<net::ByteStream> stream);
    ~Connection();

    void start();
    // Looks again: the worker is draining.
    void nudge() { link_.waker.wake(); }
    // Breaks it; it runs to its end by itself.
    void abort() { link_.stream->abort(); }
    [[nodiscard]] ListenerId listener() const { return link_.listener; }
    // Since when, where it rests.
    [[nodiscard]] TimePoint rests_since() const { return rests_since_; }
    void rest() { rests_since_ = link_.turn(); }
    // REQUIRES: it rests. Another policy is in force: what the old one holds is not kept for the sake of an idle
    // client.
    void follow(std::shared_ptr<const Routing> routing) { link_.routing = std::move(routing); }

private:
    // How far the next head has come.
    enum class HeadStep : std::uint8_t {
        waiting,  // more is to come
        ended,    // parsed, or refused
        nothing,  // nothing came after all
        gone,     // the client left
    };
    struct HeadRead {
        http::ParseResult parsed;
        std::string_view bytes;                 // begin with the head, and live until the next wait
        TimePoint deadline = TimePoint::max();  // once it has begun
        bool look = false;                      // at what is here already
        http::PartialHead partial;
    };

    [[nodiscard]] net::task<void> run();
    // Before the connection's own bytes: whom a balancer carries, where the policy has one.
    [[nodiscard]] net::task<bool> read_proxy_header();
    [[nodiscard]] bool expects_proxy_header() const;
    [[nodiscard]] bool take_place();
    // Whether its address stands for one client, as far as an address can tell.
    [[nodiscard]] bool is_one_client() const;
    [[nodiscard]] net::task<void> refuse_place();
    [[nodiscard]] net::task<bool> handshake();
    [[nodiscard]] bool has_input();
    // Whether the connection lies idle, and may until `deadline`.
    [[nodiscard]] bool is_idle(TimePoint deadline);
    [[nodiscard]] net::task<bool> serve_next();
    [[nodiscard]] HeadStep read_head(HeadRead& read);
    [[nodiscard]] net::task<void> close_gently();

    ClientLink link_;
    TimePoint rests_since_{};
    bool counted_ = false;  // among its client's connections
    net::task<void> run_;
};

}  // namespace weir::downstream

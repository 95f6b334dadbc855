#pragma once
// One client connection: request after request, in order, until one side has had enough.
//
// While it is idle it holds no buffer: only this object and one suspended coroutine.

#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string_view>

#include "downstream/client_link.hpp"
#include "http/head.hpp"
#include "net/task.hpp"

namespace weir::downstream {

class Connection : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
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

private:
    [[nodiscard]] net::task<void> run();
    [[nodiscard]] net::task<bool> handshake();
    [[nodiscard]] net::task<bool> wait_for_request();
    [[nodiscard]] net::task<bool> serve_next();
    // `bytes` begin with the head that was parsed, and live until the first wait.
    [[nodiscard]] net::task<bool> answer(http::ParseResult parsed, std::string_view bytes);
    [[nodiscard]] net::task<void> close_gently();

    ClientLink link_;
    net::task<void> run_;
};

}  // namespace weir::downstream

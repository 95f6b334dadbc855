#pragma once
// One connection of a client, as tests write it: it runs by itself, and its time goes from deadline to deadline.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "downstream/connection.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

struct ConnectionBed : TestBed {
    ConnectionBed() { open.add_listener(kListener); }
    ~ConnectionBed() { open.clear(); }

    // From here on `stream` is the client's, which has connected. The loop watches `fd` for it.
    void accept(const IpAddress& peer = {}, int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        auto made = std::make_unique<ScriptedStream>(loop(), fd);
        stream = made.get();
        auto connection =
            std::make_unique<downstream::Connection>(context, open, routing, kListener, peer, std::move(made));
        last = connection.get();
        stream->waiting = &last->waker;
        stream->on_write = [this](std::string_view bytes) { sent += bytes; };
        sent.clear();
        open.add(std::move(connection));
        open.rests(*last);
        last->start();
        settle();
    }
    void says(std::string_view bytes) {
        stream->says(bytes);
        settle();
    }
    // Runs whatever can run now.
    void settle() {
        int turns = 0;
        while (loop().turn_at(now)) {
            if (++turns > 10'000) throw std::runtime_error("it goes round and round");
        }
    }
    // Moves to the connection's next deadline.
    void wait() {
        now = std::max(now, last->timer.when());
        settle();
    }
    [[nodiscard]] bool is_open() const { return recorder.open > 0; }

    downstream::OpenConnections open{loop()};
    downstream::Connection* last = nullptr;  // these two live while the connection does
    ScriptedStream* stream = nullptr;
    std::string sent;  // to the last client
};

}  // namespace weir::test

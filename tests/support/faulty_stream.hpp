#pragma once
// A stream that reads and writes in small pieces and fails at one chosen step, in one chosen way: for running one
// exchange repeatedly, with every step of its I/O failing in turn.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.hpp"

namespace weir::test {

enum class Fault : std::uint8_t {
    reset,    // the other side resets the connection
    end,      // it stops sending; a write meets a reset
    silence,  // it neither sends nor takes anything more
    cancel,   // the client leaves, whichever side the step is on
};

// The steps of all streams of one exchange, counted together.
struct FaultPlan {
    int fail_at = 0;  // 0: never
    Fault fault = Fault::reset;
    std::function<void()> cancel;
    int steps = 0;
    bool reached = false;
};

class FaultyStream final : public net::ByteStream {
public:
    static constexpr std::size_t kReadBite = 48;
    static constexpr std::size_t kWriteBite = 256;

    FaultyStream(net::EventLoop& loop, int fd, FaultPlan& plan) : FaultyStream(net::make_tcp_stream(loop, fd), plan) {}
    FaultyStream(std::unique_ptr<net::ByteStream> inner, FaultPlan& plan) : inner_(std::move(inner)), plan_(plan) {}

    std::size_t read_bite = kReadBite;
    std::size_t write_bite = kWriteBite;
    std::function<void(std::string_view)> on_write = [](std::string_view) {};
    std::function<void()> on_shutdown = [] {};

    net::IoResult try_read(std::span<char> into) override {
        step();
        if (state_ == State::reset) return {net::IoStatus::failed, 0};
        if (state_ == State::ended) return {net::IoStatus::eof, 0};
        if (state_ == State::silent) {
            source().ready.readable = false;
            return {net::IoStatus::would_block, 0};
        }
        return inner_->try_read(into.first(std::min(into.size(), read_bite)));
    }

    net::IoResult try_write(std::span<const iovec> parts) override {
        step();
        if (state_ == State::reset || state_ == State::ended) {
            ++failed_writes_;
            return {net::IoStatus::failed, 0};
        }
        if (state_ == State::silent) {
            source().ready.writable = false;
            return {net::IoStatus::would_block, 0};
        }
        std::string bite;
        for (const iovec& part : parts) bite.append(static_cast<const char*>(part.iov_base), part.iov_len);
        bite.resize(std::min(bite.size(), write_bite));
        const iovec part = net::as_part(bite);
        const net::IoResult result = inner_->try_write({&part, 1});
        if (result.bytes > 0) on_write(std::string_view(bite).substr(0, result.bytes));
        return result;
    }

    net::IoStatus try_handshake() override {
        step();
        if (state_ == State::silent) return net::IoStatus::would_block;
        return state_ == State::normal ? net::IoStatus::ok : net::IoStatus::failed;
    }

    void shutdown_write() override {
        inner_->shutdown_write();
        on_shutdown();
    }

    [[nodiscard]] net::Source& source() override { return inner_->source(); }
    [[nodiscard]] bool secure() const override { return false; }
    [[nodiscard]] bool is_sound() const { return state_ == State::normal; }
    // The first one shows the writer that the stream is of no more use.
    [[nodiscard]] int failed_writes() const { return failed_writes_; }

private:
    enum class State : std::uint8_t { normal, reset, ended, silent };

    void step() {
        if (++plan_.steps != plan_.fail_at) return;
        plan_.reached = true;
        switch (plan_.fault) {
            case Fault::reset:
                state_ = State::reset;
                source().ready.broken = true;
                break;
            case Fault::end:
                state_ = State::ended;
                source().ready.peer_closed = true;
                break;
            case Fault::silence: state_ = State::silent; break;
            case Fault::cancel: plan_.cancel(); break;
        }
    }

    std::unique_ptr<net::ByteStream> inner_;
    FaultPlan& plan_;
    State state_ = State::normal;
    int failed_writes_ = 0;
};

}  // namespace weir::test

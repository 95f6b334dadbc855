#pragma once
// A stream without a network: what it reads was scripted, and what is written to it is kept. It moves as few bytes at a
// time as the test says, and can block before every step.

#include <sys/eventfd.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.hpp"

namespace weir::test {

class ScriptedStream final : public net::ByteStream {
public:
    static constexpr std::size_t kAny = static_cast<std::size_t>(-1);

    // `fd` is only what the loop watches: nothing is read from it.
    explicit ScriptedStream(net::EventLoop& loop, int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
        : source_(loop, fd) {}

    std::size_t read_bite = kAny;   // bytes of one read, at most
    std::size_t write_bite = kAny;  // bytes of one write, at most
    std::size_t room = kAny;        // bytes that it takes before writes block
    bool blocks_first = false;      // each read of something and each write blocks once first
    net::Wakeable* waiting = nullptr;
    std::string written;
    std::size_t given = 0;  // bytes that were read
    std::function<void(std::string_view)> on_write = [](std::string_view) {};
    bool shut = false;

    // The other side sends `bytes`.
    void says(std::string_view bytes) {
        script_.append(bytes);
        source_.ready.readable = true;
        wake();
    }
    // What it has sent and nobody has read was never sent.
    void forget() { script_.clear(); }
    // It sends no more than it has.
    void ends() {
        ended_ = true;
        source_.ready.readable = source_.ready.peer_closed = true;
        wake();
    }
    void resets() {
        reset_ = true;
        source_.ready.readable = source_.ready.broken = true;
        wake();
    }
    // It reads `bytes` more.
    void takes(std::size_t bytes) {
        room += bytes;
        wake();
    }
    [[nodiscard]] bool all_read() const { return script_.empty(); }

    net::IoResult try_read(std::span<char> into) override {
        if (!script_.empty() && blocks(read_blocked_)) return {net::IoStatus::would_block, 0};
        if (is_broken()) return {net::IoStatus::failed, 0};
        if (script_.empty()) {
            source_.ready.readable = ended_;
            return {ended_ ? net::IoStatus::eof : net::IoStatus::would_block, 0};
        }
        const std::size_t size = std::min({into.size(), read_bite, script_.size()});
        std::copy_n(script_.data(), size, into.data());
        script_.erase(0, size);
        given += size;
        return {net::IoStatus::ok, size};
    }

    net::IoResult try_write(std::span<const iovec> parts) override {
        if (blocks(write_blocked_)) return {net::IoStatus::would_block, 0};
        if (is_broken()) return {net::IoStatus::failed, 0};
        std::string bytes;
        for (const iovec& part : parts) bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
        const std::size_t offered = bytes.size();
        bytes.resize(std::min({offered, write_bite, room}));
        if (bytes.empty()) return {net::IoStatus::would_block, 0};
        if (room != kAny) room -= bytes.size();
        written += bytes;
        on_write(bytes);
        if (bytes.size() < offered && room > 0) wake();
        return {net::IoStatus::ok, bytes.size()};
    }

    net::IoStatus try_handshake() override { return is_broken() ? net::IoStatus::failed : net::IoStatus::ok; }
    void shutdown_write() override { shut = true; }
    [[nodiscard]] net::Source& source() override { return source_; }
    [[nodiscard]] bool secure() const override { return false; }

private:
    [[nodiscard]] bool is_broken() const { return reset_ || source_.fd() < 0; }
    bool blocks(bool& blocked) const {
        if (!blocks_first) return false;
        blocked = !blocked;
        if (blocked) wake();
        return blocked;
    }
    void wake() const {
        if (waiting != nullptr) waiting->wake();
    }

    net::Source source_;
    std::string script_;  // what can still be read
    bool ended_ = false;
    bool reset_ = false;
    bool read_blocked_ = false;
    bool write_blocked_ = false;
};

}  // namespace weir::test

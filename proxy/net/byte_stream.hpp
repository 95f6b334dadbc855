#pragma once
// Bytes in, bytes out: TCP or TLS behind one narrow interface, so that everything above compiles once.
//
// Every operation is tried at once and never waits. What it cannot do now it reports as `would_block`; the source then
// wakes its waker when trying again is worth it.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/event_loop.hpp"

namespace weir::net {

enum class IoStatus : std::uint8_t {
    ok,           // `bytes` were moved
    would_block,  // nothing now; the source will wake its waker
    eof,          // the other side has ended its sending, cleanly
    failed,       // reset, TLS failure, closed: the stream is of no more use
};

struct IoResult {
    IoStatus status = IoStatus::ok;
    std::size_t bytes = 0;
};

// Text as a part of what is written.
[[nodiscard]] inline iovec as_part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

class ByteStream {
public:
    virtual ~ByteStream() = default;

    // Reads what is there, up to the buffer's size, which must not be 0.
    virtual IoResult try_read(std::span<char> into) = 0;
    // Writes from the parts in order, as much as goes; at most 16 parts are looked at.
    virtual IoResult try_write(std::span<const iovec> parts) = 0;
    // Secures the stream; `ok` when it is ready for use. Plain TCP is at once.
    virtual IoStatus try_handshake() = 0;
    // Says that nothing more will be sent, and leaves reading open.
    virtual void shutdown_write() = 0;

    [[nodiscard]] virtual Source& source() = 0;
    [[nodiscard]] virtual bool secure() const = 0;
    // After the handshake: the subject of the certificate that the other side has shown and proved, as RFC 2253 writes
    // it (`CN=robot,O=Example`); empty without one.
    // Why the peer's certificate is not believed, after a handshake that failed; empty: that is not why.
    [[nodiscard]] virtual std::string peer_fault() const { return {}; }
    [[nodiscard]] virtual std::string peer_subject() const { return {}; }
    // Likewise, of the authority that signed it.
    [[nodiscard]] virtual std::string peer_issuer() const { return {}; }

    // Drops the connection at once, so that the other side sees a reset and cannot take what it has for complete.
    void abort();
};

// Takes a connected, non-blocking socket.
[[nodiscard]] std::unique_ptr<ByteStream> make_tcp_stream(EventLoop& loop, int fd);

}  // namespace weir::net

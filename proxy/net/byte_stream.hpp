#pragma once
// Bytes in, bytes out: TCP or TLS behind one narrow interface, so that everything above it compiles once.
//
// Every operation is tried at once and never waits. If it cannot proceed it returns `would_block`; the source wakes its
// waker when trying again is worthwhile.

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
    eof,          // the other side has cleanly ended its sending
    failed,       // reset, TLS failure, closed: the stream is no longer usable
};

struct IoResult {
    IoStatus status = IoStatus::ok;
    std::size_t bytes = 0;
};

// Text as one part of a write.
[[nodiscard]] inline iovec as_part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

class ByteStream {
public:
    virtual ~ByteStream() = default;

    // Reads what is available, up to the buffer's size, which must not be 0.
    virtual IoResult try_read(std::span<char> into) = 0;
    // Writes from the parts in order, as much as possible; only the first 16 parts are used.
    virtual IoResult try_write(std::span<const iovec> parts) = 0;
    // Performs the handshake; `ok` when the stream is ready for use. For plain TCP that is at once.
    virtual IoStatus try_handshake() = 0;
    // Announces that nothing more will be sent, and leaves reading open.
    virtual void shutdown_write() = 0;

    [[nodiscard]] virtual Source& source() = 0;
    [[nodiscard]] virtual bool secure() const = 0;
    // After a failed handshake: why the peer's certificate is not trusted; empty when that is not the cause.
    [[nodiscard]] virtual std::string peer_fault() const { return {}; }
    // After the handshake: the subject of the certificate that the other side has presented and proved to own, in the
    // form of RFC 2253 (`CN=robot,O=Example`); empty without one.
    [[nodiscard]] virtual std::string peer_subject() const { return {}; }
    // The same for the authority that signed it.
    [[nodiscard]] virtual std::string peer_issuer() const { return {}; }

    // Drops the connection at once: the other side gets a reset and cannot mistake what it has for complete.
    void abort();
};

// Takes ownership of a connected, non-blocking socket.
[[nodiscard]] std::unique_ptr<ByteStream> make_tcp_stream(EventLoop& loop, int fd);

}  // namespace weir::net

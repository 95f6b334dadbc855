#pragma once
// Detects whether the client is still there while it waits for its answer.
//
// A client that has sent its FIN may have left, or may only have finished sending (half-close): the bytes on the wire
// are the same. The difference is that the kernel of a client that left answers anything sent to it with a reset. So
// after a FIN something harmless is sent, once: before the answer's head an interim 100 response, which every HTTP/1.1
// client must skip (RFC 9110 section 15.2), and between two events of a stream an SSE comment, which every reader must
// ignore. A client that half-closed reads on; one that left is detected a round trip later.

#include "downstream/client.hpp"

namespace weir::downstream {

class ClientProbe {
public:
    // HTTP/1.0 has no interim answers: that such a client left is detected only by the next write.
    ClientProbe(Client& client, int minor_version) : client_(client), can_probe_(minor_version >= 1) {}

    // Checks again; sends `probe` if that is needed. True when the client is gone. REQUIRES: the client may read
    // `probe` at this point, and nothing waits to be sent before it.
    [[nodiscard]] bool gone(std::string_view probe);

    static constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
    static constexpr std::string_view kChunkedComment = "3\r\n:\n\n\r\n";

private:
    Client& client_;
    bool can_probe_;
    bool probed_ = false;
};

}  // namespace weir::downstream

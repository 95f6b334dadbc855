#pragma once
// Whether the client is still there while it waits for its answer.
//
// A client that has sent its FIN may have left, or may only have finished sending (half-close): the bytes on the wire
// are the same. What tells them apart is that the kernel of a client that left answers anything we send with a reset.
// So on a FIN something harmless is sent, once: before the answer's head an interim 100 response, which every
// HTTP/1.1 client must skip (RFC 9110 section 15.2), and between two events of a stream an SSE comment, which every
// reader of one must ignore. A client that half-closed reads on; one that left is known to be gone a round trip later.

#include "downstream/client.hpp"

namespace weir::downstream {

class ClientProbe {
public:
    // HTTP/1.0 knows no interim answers: that such a client left shows at the next write only.
    ClientProbe(Client& client, int minor_version) : client_(client), can_probe_(minor_version >= 1) {}

    // Looks once more; sends `probe` if that is what it takes. True when the client is gone.
    // REQUIRES: `probe` may stand at this point of what the client reads, and nothing waits to be sent before it.
    [[nodiscard]] bool gone(std::string_view probe);

    static constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
    static constexpr std::string_view kChunkedComment = "3\r\n:\n\n\r\n";

private:
    Client& client_;
    bool can_probe_;
    bool probed_ = false;
};

}  // namespace weir::downstream

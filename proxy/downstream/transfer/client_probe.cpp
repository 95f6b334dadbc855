#include "downstream/transfer/client_probe.hpp"

namespace weir::downstream {

bool ClientProbe::gone(std::string_view probe) {
    const net::Readiness& ready = client_.source().ready;
    if (ready.broken) return true;
    if (!ready.peer_closed || !can_probe_ || probed_ || probe.empty()) return false;
    probed_ = true;
    const iovec part = net::as_part(probe);
    const net::IoResult result = client_.stream->try_write({&part, 1});
    // A partly sent probe would corrupt what follows it.
    return result.status == net::IoStatus::failed ||
           (result.status == net::IoStatus::ok && result.bytes != probe.size());
}

}  // namespace weir::downstream

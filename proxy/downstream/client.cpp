#include "downstream/client.hpp"

#include <algorithm>
#include <utility>

namespace weir::downstream {

using net::IoStatus;

Client::Client(WorkerContext& context, std::shared_ptr<const Routing> policy, ListenerId from, const IpAddress& address,
               std::unique_ptr<net::ByteStream> bytes)
    : worker(context),
      routing(std::move(policy)),
      listener(from),
      peer(address),
      peer_text(address.to_string()),
      waker(context.loop()),
      timer(context.loop().timers(), waker),
      stream(std::move(bytes)) {
    source().set_waker(&waker);
}

const ListenerConfig& Client::config() const {
    // A listener exists for as long as it has connections: a reload that removes one is refused.
    return routing->find(listener)->config;
}

IoStatus Client::read_more(std::size_t limit) {
    const std::span<char> scratch = worker.loop().scratch();
    const net::IoResult result = stream->try_read(scratch.first(std::min(limit, scratch.size())));
    inbox.append(scratch.data(), result.bytes);
    return result.status;
}

net::task<bool> Client::send(std::string_view bytes) {
    TimePoint deadline = turn() + limits().write_timeout;
    while (!bytes.empty()) {
        const iovec part = net::as_part(bytes);
        const net::IoResult result = stream->try_write({&part, 1});
        if (result.status == IoStatus::failed) co_return false;
        if (result.status == IoStatus::ok) {
            bytes.remove_prefix(result.bytes);
            deadline = turn() + limits().write_timeout;
            continue;
        }
        if (turn() >= deadline || source().ready.broken) co_return false;
        timer.set(deadline);
        co_await waker.wait();
    }
    co_return true;
}

}  // namespace weir::downstream

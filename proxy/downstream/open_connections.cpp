#include "downstream/open_connections.hpp"

#include <algorithm>
#include <utility>

namespace weir::downstream {

void OpenConnections::add_listener(ListenerId listener) {
    resting_by_listener_.push_back({listener, std::make_unique<RestList>()});
}

void OpenConnections::add(std::unique_ptr<Client> client) {
    std::uint32_t& here = by_listener_[static_cast<std::uint16_t>(client->listener)];
    ++here;
    open_.push_back(*client.release());
}

void OpenConnections::remove(Client& client) {
    works(client);
    --by_listener_[static_cast<std::uint16_t>(client.listener)];
    static_cast<ConnectionHook&>(client).unlink();
    removed_.push_back(client);
    reaper_.wake();
}

std::uint32_t OpenConnections::count(ListenerId listener) const {
    const auto found = by_listener_.find(static_cast<std::uint16_t>(listener));
    return found == by_listener_.end() ? 0 : found->second;
}

void OpenConnections::rests(Client& client) {
    const auto own = std::find_if(resting_by_listener_.begin(), resting_by_listener_.end(),
                                  [&](const Resting& entry) { return entry.listener == client.listener; });
    if (own == resting_by_listener_.end() || static_cast<RestHook&>(client).is_linked()) return;
    client.rests_since = client.turn();
    own->clients->push_back(client);
    resting_.store(resting() + 1, std::memory_order_relaxed);
}

void OpenConnections::works(Client& client) {
    auto& hook = static_cast<RestHook&>(client);
    if (!hook.is_linked()) return;
    hook.unlink();
    resting_.store(resting() - 1, std::memory_order_relaxed);
}

bool OpenConnections::close_longest_at_rest(ListenerId listener) {
    Client* longest = nullptr;
    for (const Resting& resting : resting_by_listener_) {
        if (resting.clients->empty() || (listener != kNoListener && resting.listener != listener)) continue;
        Client& front = resting.clients->front();
        if (longest == nullptr || front.rests_since < longest->rests_since) longest = &front;
    }
    if (longest == nullptr) return false;
    works(*longest);
    longest->stream->abort();
    longest->waker.wake();
    return true;
}

void OpenConnections::follow(const std::shared_ptr<const Routing>& routing) {
    for (Resting& resting : resting_by_listener_) {
        for (Client& client : *resting.clients) client.routing = routing;
    }
}

void OpenConnections::nudge() {
    for (Client& client : open_) client.waker.wake();
}

void OpenConnections::abort() {
    for (Client& client : open_) client.stream->abort();
}

void OpenConnections::clear() {
    open_.clear_and_dispose(std::default_delete<Client>());
    removed_.clear_and_dispose(std::default_delete<Client>());
}

void OpenConnections::Reaper::run() { all.removed_.clear_and_dispose(std::default_delete<Client>()); }

}  // namespace weir::downstream

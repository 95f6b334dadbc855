#include "downstream/shared/client_connections.hpp"

#include <functional>
#include <string_view>

#include "admission/classify/identity.hpp"

namespace weir::downstream {

std::size_t ClientConnections::Hash::operator()(const IpAddress& address) const noexcept {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

bool ClientConnections::take(const IpAddress& client, std::uint32_t most) {
    const std::lock_guard lock(mutex_);
    std::uint32_t& open = open_[admission::client_address(client)];
    if (open >= most) return false;  // `most` is positive, so the entry is not a new one
    ++open;
    return true;
}

void ClientConnections::give_back(const IpAddress& client) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(admission::client_address(client));
    if (found != open_.end() && --found->second == 0) open_.erase(found);
}

std::size_t ClientConnections::clients() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
}

}  // namespace weir::downstream

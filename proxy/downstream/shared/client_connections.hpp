#pragma once
// How many connections each client has open, over all workers: for listeners with a limit per client.
//
// A client is an address as defined by admission::client_address(). An entry exists only while it has a connection, so
// the table is bounded by the number of connections.
//
// Threading: any thread; a lock, taken once when such a connection begins and once when it ends.

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/ip.hpp"

namespace weir::downstream {

class ClientConnections {
public:
    // Counts one more unless the client has `most` already.
    [[nodiscard]] bool take(const IpAddress& client, std::uint32_t most);
    // REQUIRES: take() returned true.
    void give_back(const IpAddress& client);
    // The number of clients with open connections.
    [[nodiscard]] std::size_t clients() const;

private:
    struct Hash {
        [[nodiscard]] std::size_t operator()(const IpAddress& address) const noexcept;
    };

    mutable std::mutex mutex_;
    std::unordered_map<IpAddress, std::uint32_t, Hash> open_;
};

}  // namespace weir::downstream

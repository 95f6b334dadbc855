#pragma once
// How many WebSockets each client has open, over all workers and endpoints.
//
// A client is what the judge counts as one: a key, a certificate or an address. An entry exists only while it has one,
// so the table is bounded by the number of connections.
//
// Threading: any thread; a lock, taken once when a WebSocket begins and once when it ends.

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "admission/place.hpp"

namespace weir::downstream {

class ClientWebSockets {
public:
    // One of a client's WebSockets, from before it is opened to its end.
    class Place {
    public:
        // Counts it, unless there are `most` already.
        Place(ClientWebSockets& all, admission::ClientKey client, std::uint32_t most) : client_(client) {
            const std::lock_guard lock(all.mutex_);
            std::uint32_t& open = all.open_[client];  // `most` is positive, so a refusal leaves no new entry
            if (open >= most) return;
            ++open;
            all_ = &all;
        }
        ~Place() {
            if (all_ == nullptr) return;
            const std::lock_guard lock(all_->mutex_);
            const auto found = all_->open_.find(client_);
            if (--found->second == 0) all_->open_.erase(found);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        [[nodiscard]] bool counted() const { return all_ != nullptr; }

    private:
        ClientWebSockets* all_ = nullptr;
        admission::ClientKey client_;
    };

private:
    std::mutex mutex_;
    std::unordered_map<admission::ClientKey, std::uint32_t> open_;
};

}  // namespace weir::downstream

#pragma once
// The connections of one worker: all open ones, and among them those at rest, which may be closed to free a place.
// Belongs to one loop; any thread may ask how many rest.

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "downstream/client.hpp"
#include "net/event_loop.hpp"

namespace weir::downstream {

class OpenConnections {
public:
    explicit OpenConnections(net::EventLoop& loop) : reaper_(loop, *this) {}
    // REQUIRES: clear() was called.
    ~OpenConnections() = default;
    OpenConnections(const OpenConnections&) = delete;
    OpenConnections& operator=(const OpenConnections&) = delete;

    // Only connections of registered listeners can rest.
    void add_listener(ListenerId listener);

    // Takes ownership of `client`, which counts from here on.
    void add(std::unique_ptr<Client> client);
    // Its task has ended, but its coroutine is still running: it is destroyed soon.
    void remove(Client& client);
    // Open connections of that listener.
    [[nodiscard]] std::uint32_t count(ListenerId listener) const;

    // Called when a connection has been accepted or answered, and when it has a request. Calling rests() for a
    // connection that already rests changes nothing.
    void rests(Client& client);
    void works(Client& client);
    // How many rest. From any thread.
    [[nodiscard]] std::uint32_t resting() const { return resting_.load(std::memory_order_relaxed); }
    // Closes the connection that has rested longest, of one listener or (kNoListener) of all. False when none rests.
    bool close_longest_at_rest(ListenerId listener);

    // Another policy is in force: idle clients must not keep the old one alive.
    void follow(const std::shared_ptr<const Routing>& routing);
    // Wakes all of them.
    void nudge();
    // Breaks all of them; they run to their ends by themselves.
    void abort();
    // Destroys all of them at once.
    void clear();

private:
    using List = boost::intrusive::list<Client, boost::intrusive::base_hook<ConnectionHook>,
                                        boost::intrusive::constant_time_size<false>>;
    using RestList = boost::intrusive::list<Client, boost::intrusive::base_hook<RestHook>,
                                            boost::intrusive::constant_time_size<false>>;
    struct Resting {
        ListenerId listener = kNoListener;
        std::unique_ptr<RestList> clients;  // the one at rest longest first
    };
    struct Reaper final : net::Wakeable {
        Reaper(net::EventLoop& loop, OpenConnections& owner) : Wakeable(loop), all(owner) {}
        void run() override;
        OpenConnections& all;
    };

    List open_;
    List removed_;
    std::unordered_map<std::uint16_t, std::uint32_t> by_listener_;
    std::vector<Resting> resting_by_listener_;
    std::atomic<std::uint32_t> resting_{0};  // written by this worker only
    Reaper reaper_;
};

}  // namespace weir::downstream

#pragma once
// The connections of one worker: all that are open, and among them those at rest, which may be closed to make room.
// Belongs to one loop; how many rest may be asked from any thread.

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

    // Only connections of listeners that are known can rest.
    void add_listener(ListenerId listener);

    // Takes `client` over, which counts from here on.
    void add(std::unique_ptr<Client> client);
    // It has run to its end; its coroutine is still running: it is destroyed soon.
    void remove(Client& client);
    // Open ones that came by that listener.
    [[nodiscard]] std::uint32_t count(ListenerId listener) const;

    // Called for a connection that has been accepted or has its answer, and for one that has a request. That one rests
    // which rested before changes nothing.
    void rests(Client& client);
    void works(Client& client);
    // How many rest. From any thread.
    [[nodiscard]] std::uint32_t resting() const { return resting_.load(std::memory_order_relaxed); }
    // Closes the one that has rested longest, of one listener or (kNoListener) of all. False when none rests.
    bool close_longest_at_rest(ListenerId listener);

    // Another policy is in force: what the old one holds is not kept for the sake of an idle client.
    void follow(const std::shared_ptr<const Routing>& routing);
    // All of them look again.
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
        std::unique_ptr<RestList> clients;  // the longest at rest first
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

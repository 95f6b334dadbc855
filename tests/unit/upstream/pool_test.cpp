#include <gtest/gtest.h>

#include <deque>

#include "support/loop.hpp"
#include "support/sockets.hpp"
#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::Descriptor;
using test::LoopTest;

net::task<void> until_size(net::Waker& waker, const Pool& pool, std::size_t size) {
    while (pool.size() != size) co_await waker.yield();
}

class PoolTest : public LoopTest {
protected:
    PoolTest() {
        for (const int id : {0, 1, 0}) {
            endpoints.emplace_back(EndpointId{static_cast<std::uint16_t>(id)}, EndpointConfig{}, nullptr);
        }
    }
    // A connection to an endpoint; its other end is added to `peers`.
    std::unique_ptr<Connection> connect(int endpoint = 0) {
        auto pair = test::unix_pair();
        peers.push_back(std::move(pair.far));
        return std::make_unique<Connection>(endpoints.at(static_cast<std::size_t>(endpoint)),
                                            net::make_tcp_stream(loop, pair.near.release()));
    }
    Connection* give(int endpoint = 0, Duration keep_alive = 30s) {
        auto connection = connect(endpoint);
        Connection* given = connection.get();
        pool.give_back(std::move(connection), keep_alive);
        return given;
    }
    void run_until_size(std::size_t size) {
        net::Waker waker(loop);
        run(until_size(waker, pool, size));
    }

    // The last has the number of the first, as can happen after a reload.
    std::deque<Endpoint> endpoints;
    std::vector<Descriptor> peers;
    Pool pool;
};

TEST_F(PoolTest, GivesTheLastUsedFirstAndOnlyToItsEndpoint) {
    Connection* first = give();
    Connection* second = give();
    Connection* other = give(1);
    EXPECT_EQ(pool.size(), 3U);
    EXPECT_EQ(pool.take(endpoints.at(0)).get(), second);
    EXPECT_EQ(pool.take(endpoints.at(0)).get(), first);
    EXPECT_EQ(pool.take(endpoints.at(0)), nullptr);
    EXPECT_EQ(pool.take(endpoints.at(1)).get(), other);
    EXPECT_EQ(pool.take(endpoints.at(2)), nullptr);
}

TEST_F(PoolTest, GivesNoConnectionOfARemovedEndpointToItsNumbersNextOwner) {
    give(0);
    EXPECT_EQ(endpoints[0].id(), endpoints[2].id());
    EXPECT_EQ(pool.take(endpoints[2]), nullptr);
}

TEST_F(PoolTest, ClosesConnectionsToAnAddressThatIsGone) {
    const auto first = net::SocketAddress::of(IpAddress::parse("10.0.0.1").value(), 80);
    const auto second = net::SocketAddress::of(IpAddress::parse("10.0.0.2").value(), 80);
    endpoints.at(0).set_addresses({first});
    Connection* kept = give();
    endpoints.at(0).set_addresses({first, second});
    EXPECT_EQ(pool.take(endpoints.at(0)).get(), kept) << "an address that is added changes nothing";
    give();
    give(1);
    endpoints.at(0).set_addresses({second});
    EXPECT_EQ(pool.take(endpoints.at(0)), nullptr);
    EXPECT_EQ(pool.size(), 1U);
    EXPECT_NE(pool.take(endpoints.at(1)), nullptr);
}

TEST_F(PoolTest, KnowsWhichConnectionsHaveBeenUsed) {
    EXPECT_FALSE(connect()->reused());
    give();
    EXPECT_TRUE(pool.take(endpoints.at(0))->reused());
}

TEST_F(PoolTest, DropsAConnectionClosedWhileIdle) {
    Connection* kept = give();
    give();
    loop.post([&] { peers[1].close(); });
    run_until_size(1);
    EXPECT_EQ(pool.take(endpoints.at(0)).get(), kept);
}

TEST_F(PoolTest, DropsAHalfClosedConnection) {
    give();
    loop.post([&] { ::shutdown(peers[0].get(), SHUT_WR); });
    run_until_size(0);
}

// Checklist 20: unrequested bytes could be taken for the next answer.
TEST_F(PoolTest, DropsAConnectionThatSendsUnrequestedBytes) {
    give();
    loop.post([&] { peers[0].send("H"); });
    run_until_size(0);
}

TEST_F(PoolTest, DropsAConnectionWithUnreadBytesWhenGivenBack) {
    auto connection = connect();
    peers[0].send("H");
    pool.give_back(std::move(connection), 30s);
    run_until_size(0);
}

TEST_F(PoolTest, DropsAConnectionAfterItsKeepAlive) {
    const TimePoint began = loop.now();
    give(0, 5ms);
    give(0, 30s);
    run_until_size(1);
    EXPECT_GE(loop.now() - began, 5ms);
}

net::task<void> use_past_keep_alive(Pool& pool, const Endpoint& endpoint, net::Waker& waker, net::Timer& timer,
                                    bool& lives) {
    auto connection = pool.take(endpoint);
    timer.set(waker.loop().now() + 10ms);
    co_await waker.wait();
    connection->stream().source().set_waker(nullptr);
    pool.give_back(std::move(connection), 30s);
    for (int i = 0; i < 10; ++i) co_await waker.yield();
    lives = pool.size() == 1;
}

TEST_F(PoolTest, NeverClosesAConnectionInUse) {
    give(0, 2ms);
    net::Waker waker(loop);
    net::Timer timer(loop.timers(), waker);
    bool lives = false;
    run(use_past_keep_alive(pool, endpoints.at(0), waker, timer, lives));
    EXPECT_TRUE(lives);
}

TEST_F(PoolTest, ClosesTheLongestIdleBeyondItsBound) {
    Pool small(2);
    for (int i = 0; i < 3; ++i) small.give_back(connect(), 30s);
    EXPECT_EQ(small.size(), 2U);
    char byte = 0;
    EXPECT_EQ(::recv(peers.front().get(), &byte, 1, 0), 0);
    EXPECT_EQ(::recv(peers[1].get(), &byte, 1, 0), -1);
}

TEST_F(PoolTest, ClosesAllWhenCleared) {
    give();
    give(1);
    pool.clear();
    EXPECT_EQ(pool.size(), 0U);
    EXPECT_EQ(pool.take(endpoints.at(0)), nullptr);
}

}  // namespace
}  // namespace weir::upstream

#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

#include "support/loop.hpp"
#include "support/sockets.hpp"
#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::Descriptor;
using test::LoopTest;

struct Listener {
    explicit Listener(int backlog) {
        fd = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        address = net::SocketAddress::of(IpAddress::parse("127.0.0.1").value(), 0);
        EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size), 0);
        EXPECT_EQ(::listen(fd.get(), backlog), 0);
        EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size), 0);
    }
    // From now on it is silent: the kernel drops what does not fit into its backlog.
    void fill() {
        bool answers = true;
        while (answers) {
            pollfd waits{waiting.emplace_back(net::start_connect(address)).get(), POLLOUT, 0};
            answers = ::poll(&waits, 1, 20) > 0;
        }
    }

    Descriptor fd;
    net::SocketAddress address;
    std::vector<Descriptor> waiting;
};

class ConnectTest : public LoopTest {
protected:
    ConnectTest() : endpoint(EndpointId{0}, EndpointConfig{.url = "http://model", .host = "model"}, nullptr) {}

    ConnectResult connect(std::vector<net::SocketAddress> addresses, Duration within) {
        endpoint.set_addresses(std::move(addresses));
        net::Waker waker(loop);
        net::Timer timer(loop.timers(), waker);
        ConnectResult result;
        const auto connecting = [&]() -> net::task<void> {
            result = co_await upstream::connect(endpoint, waker, timer, loop.now() + within, nullptr);
        };
        run(connecting());
        return result;
    }

    Endpoint endpoint;
};

TEST_F(ConnectTest, ASilentAddressDoesNotHideTheNext) {
    Listener silent(0);
    silent.fill();
    const Listener good(8);
    EXPECT_NE(connect({silent.address, good.address}, 5s).connection, nullptr);
}

TEST_F(ConnectTest, ARefusingAddressIsFollowedByTheNextAtOnce) {
    const net::SocketAddress closed = Listener(1).address;
    const Listener good(8);
    EXPECT_NE(connect({closed, good.address}, 5s).connection, nullptr);
    EXPECT_EQ(endpoint.counters.connects.load(), 1U);
}

TEST_F(ConnectTest, SaysThatAnAddressRefuses) {
    const net::SocketAddress closed = Listener(1).address;
    const ConnectResult refused = connect({closed}, 5s);
    EXPECT_EQ(refused.reason, Reason::backend_unreachable);
    EXPECT_EQ(refused.fault.reason, DownReason::refused);
}

TEST_F(ConnectTest, SaysThatAnAddressIsSilent) {
    Listener silent(0);
    silent.fill();
    const ConnectResult late = connect({silent.address}, 50ms);
    EXPECT_EQ(late.reason, Reason::backend_timeout);
    EXPECT_EQ(late.fault.reason, DownReason::timeout);
}

}  // namespace
}  // namespace weir::upstream

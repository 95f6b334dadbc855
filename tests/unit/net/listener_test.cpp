#include "net/listener.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <vector>

#include "support/loop.hpp"
#include "support/sockets.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using test::Descriptor;
using test::LoopTest;

class ListenerTest : public LoopTest {
protected:
    void connect(int count) {
        const SocketAddress address = local_address(listening.get());
        for (int i = 0; i < count; ++i) clients.emplace_back(start_connect(address));
    }
    Listener::OnAccept accept_until(std::size_t count) {
        return [this, count](int fd, const SocketAddress& peer) {
            accepted.emplace_back(fd);
            EXPECT_EQ(peer.ip(), IpAddress::parse("127.0.0.1"));
            EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
            if (accepted.size() == count) loop.stop();
        };
    }

    Descriptor listening = test::loopback_listener();
    std::vector<Descriptor> clients;
    std::vector<Descriptor> accepted;
};

TEST_F(ListenerTest, AcceptsEveryConnection) {
    Listener listener(loop, ::dup(listening.get()), accept_until(200));
    connect(100);
    loop.post([this] { connect(100); });
    run_until_stopped();
    EXPECT_EQ(accepted.size(), 200U);
}

TEST_F(ListenerTest, AcceptsPendingConnectionsBeforeItCloses) {
    const int fd = listening.get();
    Listener listener(loop, ::dup(fd), accept_until(0));
    connect(200);
    loop.post([&] {
        listener.close();
        loop.stop();
    });
    run_until_stopped();
    EXPECT_EQ(accepted.size(), 200U);
    listener.close();
}

// Checklist 26: no spin, and recovery by itself.
TEST_F(ListenerTest, PausesWithoutDescriptorsAndResumesWhenThereAreSome) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    test::Probe restore(loop, [&] { setrlimit(RLIMIT_NOFILE, &before); });
    Timer soon(loop.timers(), restore);
    const auto accept = accept_until(3);
    // The first connection takes the last descriptor. (Earlier would trip the sanitizer, which needs some of its own.)
    Listener listener(loop, ::dup(listening.get()), [&](int fd, const SocketAddress& peer) {
        accept(fd, peer);
        if (accepted.size() > 1) return;
        rlimit none = before;
        none.rlim_cur = static_cast<rlim_t>(fd) + 1;
        setrlimit(RLIMIT_NOFILE, &none);
        soon.set(loop.now() + 20ms);
    });
    connect(3);
    restore.wake();
    run_until_stopped();
    EXPECT_EQ(accepted.size(), 3U);
    EXPECT_EQ(listener.pauses(), 1U);
}

}  // namespace
}  // namespace weir::net

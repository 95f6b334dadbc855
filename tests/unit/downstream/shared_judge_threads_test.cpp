#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "downstream/shared/shared_judge.hpp"
#include "support/judges.hpp"
#include "support/loop.hpp"
#include "support/virtual_time.hpp"

namespace weir::downstream {
namespace {

using admission::Standing;
using test::kStart;
using test::make_ask;
using test::make_class;
using test::make_config;

struct Tally {
    std::atomic<int> at_once{0};
    std::atomic<int> most_at_once{0};
    std::atomic<int> served{0};
    std::atomic<int> refused{0};
    std::atomic<int> left{0};
};

constexpr int kRounds = 200;
constexpr int kClients = 12;  // on each of two threads
constexpr int kSlots = 3;

net::task<void> rest(net::Waker& waker, std::uint64_t rounds) {
    for (std::uint64_t i = 0; i < rounds; ++i) co_await waker.yield();
}

net::task<void> run_and_finish(SharedJudge& judge, Ticket& ticket, net::Waker& waker, std::uint64_t rounds,
                               Tally& tally) {
    const int now_running = ++tally.at_once;
    int most = tally.most_at_once;
    while (most < now_running && !tally.most_at_once.compare_exchange_weak(most, now_running)) {
    }
    co_await rest(waker, rounds);
    --tally.at_once;
    judge.finish(ticket, kStart);
    ++tally.served;
}

// One client: arrives, waits or runs out of queue timeout by itself, and is gone right after its last word with the
// judge, so that a message delivered twice, or too late, goes to a ticket that is gone.
net::task<void> ask_again_and_again(SharedJudge& judge, net::Waker& waker, unsigned seed, Tally& tally) {
    std::minstd_rand random(seed);
    for (int round = 0; round < kRounds; ++round) {
        const auto ticket = std::make_unique<Ticket>(waker);
        Standing standing = judge.arrive(*ticket, make_ask(static_cast<int>(random() % 2), seed), kStart);
        if (standing == Standing::waiting && random() % 2 == 0) {
            co_await rest(waker, random() % 3);
            // The verdict may be on its way from the other thread just now.
            if (!ticket->told() && judge.leave(*ticket, kStart)) {
                ++tally.left;
                continue;
            }
        }
        if (standing == Standing::waiting) {
            while (!ticket->told()) co_await waker.wait();
            standing = ticket->standing();
        }
        if (standing == Standing::running) {
            co_await run_and_finish(judge, *ticket, waker, random() % 3, tally);
        } else {
            ++tally.refused;
        }
    }
}

// A worker's thread: its loop, and clients that live on it.
class WorkerThread {
public:
    WorkerThread(SharedJudge& judge, unsigned seed, Tally& tally) {
        for (unsigned i = 0; i < kClients; ++i) {
            wakers_.push_back(std::make_unique<net::Waker>(loop_));
            clients_.push_back(count_out(ask_again_and_again(judge, *wakers_.back(), seed + i, tally)));
        }
        loop_.post([this] {
            for (auto& client : clients_) client.start();
        });
        thread_ = std::thread([this] { loop_.run(); });
    }
    void join() { thread_.join(); }

private:
    net::task<void> count_out(net::task<void> client) {
        co_await client;
        if (++ended_ == kClients) loop_.stop();
    }

    net::EventLoop loop_;
    std::vector<std::unique_ptr<net::Waker>> wakers_;
    std::vector<net::task<void>> clients_;
    int ended_ = 0;
    std::thread thread_;
};

TEST(SharedJudgeOnTwoThreads, TellsEveryTicketOnceAndEndsWithNobodyInside) {
    auto config = make_config({make_class(0), make_class(1, admission::Priority::low)}, {kSlots});
    config.classes[1].config.queue = 4;
    SharedJudge judge(config, kStart);
    Tally tally;
    WorkerThread first(judge, 1, tally);
    WorkerThread second(judge, 1000, tally);
    first.join();
    second.join();
    EXPECT_EQ(tally.served + tally.refused + tally.left, 2 * kClients * kRounds);
    EXPECT_LE(tally.most_at_once, kSlots);
    EXPECT_GT(tally.served, 0);
    const auto counts = judge.counts(kStart);
    EXPECT_EQ(counts.endpoints[0].inflight, 0U);
    for (const auto& cls : counts.classes) {
        EXPECT_EQ(cls.inflight, 0U);
        EXPECT_EQ(cls.waiting, 0U);
    }
    EXPECT_EQ(judge.next_expiry(), TimePoint::max());
}

}  // namespace
}  // namespace weir::downstream

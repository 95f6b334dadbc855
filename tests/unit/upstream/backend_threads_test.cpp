#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/judged_backend.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::kStart;

// Keeps the first report back until a second thread has had time to change the endpoint and to report that.
class Reports {
public:
    void take(const Intake& intake) {
        std::unique_lock lock(mutex_);
        if (count_++ == 0) {
            first_came_.notify_all();
            second_came_.wait_for(lock, 100ms, [&] { return count_ > 1; });
        } else {
            second_came_.notify_all();
        }
        last_ = intake;
    }
    void await_first() {
        std::unique_lock lock(mutex_);
        first_came_.wait(lock, [&] { return count_ > 0; });
    }
    [[nodiscard]] const Intake& last() const { return last_; }

private:
    std::mutex mutex_;
    std::condition_variable first_came_, second_came_;
    int count_ = 0;
    Intake last_;
};

TEST(BackendThreads, OfAnEndpointsReportsTheLastOneIsTrue) {
    Reports reports;
    BackendConfig config;
    config.slow_start = 0s;
    Backend backend(BackendId{0}, config, test::JudgedBackend::endpoints(2),
                    [&](EndpointId, const Intake& intake) { reports.take(intake); });
    Endpoint& endpoint = *backend.endpoints()[0];
    std::thread closes([&] { backend.set_by_hand(endpoint, HandSetting{}, kStart); });
    reports.await_first();
    backend.set_by_hand(endpoint, std::nullopt, kStart);
    closes.join();
    EXPECT_TRUE(endpoint.intake().open);
    EXPECT_EQ(reports.last(), endpoint.intake());
}

}  // namespace
}  // namespace weir::upstream

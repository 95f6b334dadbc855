#include "upstream/backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/virtual_time.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::kStart;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class BackendTest : public testing::Test {
protected:
    static std::vector<std::shared_ptr<Endpoint>> endpoints(int count) {
        std::vector<std::shared_ptr<Endpoint>> made;
        for (int i = 0; i < count; ++i) {
            EndpointConfig config;
            config.url = "http://10.0.0." + std::to_string(i + 1);
            made.push_back(std::make_shared<Endpoint>(EndpointId{static_cast<std::uint16_t>(i)}, config, nullptr));
        }
        return made;
    }
    Backend make(int count, EjectionConfig ejection = {}) {
        BackendConfig config;
        config.ejection = ejection;
        config.name = "model";
        config.health = HealthConfig{};
        return Backend(BackendId{0}, config, endpoints(count),
                       [this](EndpointId id, const Intake& intake) { notified.emplace_back(index(id), intake.open); });
    }
    static void fail(Backend& backend, int endpoint, int times = 5) {
        for (int i = 0; i < times; ++i) backend.request_failed(*backend.endpoints()[endpoint], kStart);
    }
    static bool is_available(const Backend& backend, int endpoint) {
        return Backend::available(*backend.endpoints()[endpoint]);
    }

    std::vector<std::pair<std::size_t, bool>> notified;
};

TEST_F(BackendTest, FindsItsEndpointsById) {
    const Backend backend = make(2);
    EXPECT_EQ(backend.find(EndpointId{1}), backend.endpoints()[1].get());
    EXPECT_EQ(backend.find(EndpointId{2}), nullptr);
}

TEST_F(BackendTest, ProbeResultsAreForgottenWhenProbesAreRemoved) {
    Backend probed = make(2);
    for (int i = 0; i < 3; ++i) probed.probed(*probed.endpoints()[0], false, kStart);
    EXPECT_FALSE(is_available(probed, 0));
    probed.tick(kStart);
    EXPECT_FALSE(is_available(probed, 0));
    // A reload without `health` makes a backend like this from the same endpoints.
    Backend unprobed(BackendId{0}, BackendConfig{}, {probed.endpoints().begin(), probed.endpoints().end()},
                     [](EndpointId, const Intake&) {});
    unprobed.tick(kStart);
    EXPECT_TRUE(is_available(unprobed, 0));
}

TEST_F(BackendTest, TimeOutsAreFailuresOnlyWhileNoRequestIsAnswered) {
    Backend backend = make(2);
    Endpoint& endpoint = *backend.endpoints()[0];
    for (int i = 0; i < 20; ++i) {
        backend.completed(endpoint, kStart + i * 60s + 1s);
        backend.request_timed_out(endpoint, kStart + i * 60s, kStart + i * 60s + 60s);
        // The same for an answer that has begun and goes on.
        endpoint.heard(kStart + i * 60s + 30s);
        backend.request_timed_out(endpoint, kStart + i * 60s + 2s, kStart + i * 60s + 62s);
        // The client caused the delay.
        backend.request_timed_out(endpoint, TimePoint::max(), kStart + i * 60s + 62s);
    }
    EXPECT_TRUE(is_available(backend, 0));
    EXPECT_EQ(endpoint.counters.failed.load(), 60U);
}

TEST_F(BackendTest, TimeOutsOfConcurrentRequestsAreOneFailure) {
    Backend backend = make(2);
    Endpoint& endpoint = *backend.endpoints()[0];
    for (int i = 0; i < 15; ++i) backend.request_timed_out(endpoint, kStart + i * 10ms, kStart + 60s + i * 10ms);
    EXPECT_TRUE(is_available(backend, 0));
    // One after another, even a second apart, they are five.
    for (int i = 1; i < 3; ++i) backend.request_timed_out(endpoint, kStart + i * 61s, kStart + i * 61s + 60s);
    backend.request_timed_out(endpoint, kStart + 130s, kStart + 190s);
    EXPECT_TRUE(is_available(backend, 0));
    backend.request_timed_out(endpoint, kStart + 131s, kStart + 191s);
    EXPECT_FALSE(is_available(backend, 0));
}

TEST_F(BackendTest, NotifiesOnceOfAnEjectionAndOnceOfTheReturn) {
    Backend backend = make(2);
    fail(backend, 0, 4);
    EXPECT_THAT(notified, IsEmpty());
    fail(backend, 0, 3);
    EXPECT_THAT(notified, ElementsAre(Pair(0, false)));
    EXPECT_FALSE(is_available(backend, 0));
    backend.tick(kStart + 9s);
    EXPECT_EQ(notified.size(), 1U);
    backend.tick(kStart + 10s);
    backend.tick(kStart + 11s);
    EXPECT_THAT(notified, ElementsAre(Pair(0, false), Pair(0, true)));
    EXPECT_TRUE(is_available(backend, 0));
}

TEST_F(BackendTest, NeverEjectsTheLastAvailableEndpoint) {
    Backend backend = make(3, {.max_ejected = 1});
    for (int endpoint = 0; endpoint < 3; ++endpoint) fail(backend, endpoint, 50);
    EXPECT_FALSE(is_available(backend, 0));
    EXPECT_FALSE(is_available(backend, 1));
    EXPECT_TRUE(is_available(backend, 2));
    Backend alone = make(1);
    fail(alone, 0, 100);
    EXPECT_TRUE(is_available(alone, 0));
}

TEST_F(BackendTest, EjectsNoMoreThanTheAllowedShare) {
    Backend backend = make(4);
    for (int endpoint = 0; endpoint < 4; ++endpoint) fail(backend, endpoint, 50);
    EXPECT_FALSE(is_available(backend, 1));
    EXPECT_TRUE(is_available(backend, 2));
    Backend few = make(4, {.max_ejected = 0.1});
    for (int endpoint = 0; endpoint < 4; ++endpoint) fail(few, endpoint, 50);
    EXPECT_FALSE(is_available(few, 0)) << "one may always be ejected";
    EXPECT_TRUE(is_available(few, 1));
}

TEST_F(BackendTest, EjectsTheLastEndpointOnceAnotherIsBack) {
    Backend backend = make(2);
    fail(backend, 0);
    fail(backend, 1, 20);
    backend.tick(kStart + 10s);
    fail(backend, 1, 1);
    EXPECT_TRUE(is_available(backend, 1)) << "the other is still on trial";
    backend.completed(*backend.endpoints()[0], kStart + 10s);
    fail(backend, 1, 1);
    EXPECT_TRUE(is_available(backend, 0));
    EXPECT_FALSE(is_available(backend, 1));
}

TEST_F(BackendTest, CountsAnEndpointThatFailedItsProbesAsUnavailable) {
    Backend backend = make(2);
    for (int i = 0; i < 3; ++i) backend.probed(*backend.endpoints()[0], false, kStart);
    fail(backend, 1, 20);
    EXPECT_THAT(notified, ElementsAre(Pair(0, false)));
    EXPECT_TRUE(is_available(backend, 1));
}

TEST_F(BackendTest, ASuccessBetweenFailuresPreventsAnEjection) {
    Backend backend = make(2);
    for (int i = 0; i < 10; ++i) {
        fail(backend, 0, 4);
        backend.completed(*backend.endpoints()[0], kStart);
    }
    EXPECT_THAT(notified, IsEmpty());
}

TEST_F(BackendTest, CountsWhatItsMetricsShow) {
    Backend backend = make(2);
    fail(backend, 0, 6);
    backend.completed(*backend.endpoints()[0], kStart);
    backend.probed(*backend.endpoints()[0], false, kStart);
    backend.probed(*backend.endpoints()[0], true, kStart);
    const EndpointCounters& counters = backend.endpoints()[0]->counters;
    EXPECT_EQ(counters.failed, 6U);
    EXPECT_EQ(counters.ejections, 1U);
    EXPECT_EQ(counters.succeeded, 1U);
    EXPECT_EQ(counters.probe_failures, 1U);
}

TEST_F(BackendTest, SharesHealthWithItsSuccessorAfterAReload) {
    Backend before = make(2);
    fail(before, 0);
    const std::vector<std::shared_ptr<Endpoint>> kept(before.endpoints().begin(), before.endpoints().end());
    Backend after(BackendId{0}, before.config(), kept, [](EndpointId, const Intake&) {});
    EXPECT_FALSE(is_available(after, 0));
    after.tick(kStart + 10s);
    EXPECT_TRUE(is_available(before, 0));
}

}  // namespace
}  // namespace weir::upstream

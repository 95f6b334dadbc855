#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/judged_backend.hpp"
#include "upstream/fetch.hpp"
#include "upstream/health.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using test::JudgedBackend;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

BackendConfig with_check(HealthConfig health) {
    BackendConfig config;
    config.credentials.emplace().bearer = "engine-key";
    config.health = std::move(health);
    return config;
}

std::string request_of(HealthConfig health) {
    const JudgedBackend one(1, with_check(std::move(health)));
    return check_request(one.backend, one.endpoint(0));
}

TEST(HealthCheck, IsSentAsThePolicySays) {
    HealthConfig health;
    health.method = "POST";
    health.path = "/ping";
    health.fields = {{"x-probe", "weir"}};
    const std::string request = request_of(health);
    EXPECT_THAT(request, StartsWith("POST /ping HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("x-probe: weir\r\n"));
    EXPECT_THAT(request, HasSubstr("Content-Length: 0\r\n"));
    EXPECT_THAT(request, HasSubstr("Bearer engine-key\r\n"));
}

TEST(HealthCheck, SendsItsOwnFieldInPlaceOfTheBackends) {
    HealthConfig health;
    health.fields = {{"x-team", "check"}, {"authorization", "Basic check"}};
    BackendConfig config = with_check(health);
    config.fields.set = {{"X-Team", "chat"}};
    const JudgedBackend one(1, config);
    const std::string request = check_request(one.backend, one.endpoint(0));
    EXPECT_THAT(request, HasSubstr("x-team: check\r\n"));
    EXPECT_THAT(request, Not(HasSubstr("chat")));
    EXPECT_THAT(request, HasSubstr("authorization: Basic check\r\n"));
    EXPECT_THAT(request, Not(HasSubstr("engine-key")));
}

TEST(HealthCheck, MayHaveCredentialsOfItsOwnOrNone) {
    HealthConfig health;
    health.anonymous = true;
    EXPECT_THAT(request_of(health), Not(HasSubstr("engine-key")));
    health.anonymous = false;
    health.auth.emplace().api_key = "check-key";
    EXPECT_THAT(request_of(health), HasSubstr("x-api-key: check-key\r\n"));
    EXPECT_THAT(request_of(health), Not(HasSubstr("engine-key")));
}

TEST(HealthCheck, IsNotSentInStepWithOthers) {
    std::uint64_t random = 1;
    Duration shortest = 2s;
    Duration longest = 2s;
    for (int i = 0; i < 1000; ++i) {
        const Duration interval = varied(2s, random);
        shortest = std::min(shortest, interval);
        longest = std::max(longest, interval);
    }
    EXPECT_GE(shortest, 1800ms);
    EXPECT_LT(shortest, 1810ms);
    EXPECT_LE(longest, 2200ms);
    EXPECT_GT(longest, 2190ms);
}

TEST(HealthCheck, SucceedsWithTheExpectedStatusAndText) {
    HealthConfig health;
    EXPECT_EQ((Fetched{204}.fault_of(health).reason), DownReason::none);
    EXPECT_EQ((Fetched{302}.fault_of(health).text()), "status: 302");
    health.statuses = {{200, 200}, {401, 403}};
    EXPECT_EQ((Fetched{402}.fault_of(health).reason), DownReason::none);
    EXPECT_EQ((Fetched{204}.fault_of(health).reason), DownReason::status);
    health.body = "ready";
    EXPECT_EQ((Fetched{200, "{\"state\": \"ready\"}"}.fault_of(health).reason), DownReason::none);
    EXPECT_EQ((Fetched{200, "loading"}.fault_of(health).text()), "text: 200 without the expected text");
}

}  // namespace
}  // namespace weir::upstream

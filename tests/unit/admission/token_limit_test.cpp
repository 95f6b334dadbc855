// Limits on LLM tokens: reserved, spent as they stream, settled with the actual amount. Each failure that such limits
// are known for has a test here.
#include <gtest/gtest.h>

#include <deque>

#include "admission/rate_limit/limits.hpp"
#include "support/judges.hpp"
#include "support/scene.hpp"

namespace weir::admission {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint(1h);

// `n` a minute, a minute's worth at once.
RateConfig per_minute(double n) { return {n / 60, n}; }

LimitConfig both(double n, Mode mode = Mode::enforce) {
    LimitConfig limit;
    limit.tokens = TokenLimitConfig{per_minute(n), {}, {}};
    limit.mode = mode;
    return limit;
}

class TokenLimitTest : public testing::Test {
protected:
    struct Request {
        ClientSlot slot{};
        Reservation reservation;
    };

    void limit(const LimitConfig& whole, const LimitConfig& client = {}) {
        ClassConfig config;
        config.limits = whole;
        config.per_client = client;
        class_limits.emplace(config, 64, kNow);
    }

    // Null when it is refused.
    Request* arrive(const Tokens& estimate, ClientKey client = 1) {
        excess = class_limits->check(client, now, estimate).live;
        if (excess) return nullptr;
        Request& request = requests.emplace_back();
        request.slot = class_limits->enter(client, now);
        class_limits->charge(request.slot, now, estimate, request.reservation);
        return &request;
    }
    void spend(Request& request, const Tokens& spent) {
        class_limits->spend(request.slot, request.reservation, spent, now);
    }
    void end(Request& request, const Tokens& spent) {
        class_limits->settle(request.slot, request.reservation, spent, now);
        class_limits->leave(request.slot);
    }
    double remaining(Meter meter = Meter::tokens, ClientKey client = 1) const {
        return class_limits->allowance(client, now).of[static_cast<std::size_t>(meter)].remaining;
    }

    std::optional<ClassLimits> class_limits;
    std::deque<Request> requests;
    std::optional<Excess> excess;
    TimePoint now = kNow;
};

TEST_F(TokenLimitTest, ParallelRequestsNeverReserveMoreThanTheBucketHolds) {
    limit(both(100));
    for (int i = 0; i < 5; ++i) (void)arrive({10, 30});
    EXPECT_EQ(requests.size(), 2U) << "a third would make it 120";
    ASSERT_TRUE(excess);
    EXPECT_EQ(excess->reason, Reason::class_tokens);
    EXPECT_EQ(excess->gate, Gate::class_tokens);
    EXPECT_DOUBLE_EQ(excess->limit, 100);
    EXPECT_NEAR(excess->observed, 120, 1e-6);
    EXPECT_EQ(std::chrono::round<std::chrono::seconds>(excess->wait), 12s);
    EXPECT_NEAR(remaining(), 20, 1e-6);
}

TEST_F(TokenLimitTest, ARequestLargerThanTheBucketPassesWhenItIsFull) {
    limit(both(100));
    Request* large = arrive({1000, 5000});
    ASSERT_NE(large, nullptr);
    EXPECT_EQ(arrive({1, 1}), nullptr);
    end(*large, {1000, 0});
    EXPECT_EQ(arrive({1, 1}), nullptr) << "what it used is a debt";
    now += 9min + 1s;
    EXPECT_EQ(arrive({100, 0}), nullptr);
    now += 1min;
    EXPECT_NE(arrive({1000, 5000}), nullptr);
}

TEST_F(TokenLimitTest, AStreamIsChargedAsItRuns) {
    limit(both(1000));
    Request* stream = arrive({100, 50});
    spend(*stream, {100, 0});
    spend(*stream, {100, 50});
    EXPECT_NEAR(remaining(), 850, 1);
    spend(*stream, {100, 900});
    EXPECT_NEAR(remaining(), 0, 1) << "beyond the estimate it is a debt";
    EXPECT_EQ(arrive({1, 0}), nullptr);
    end(*stream, {100, 900});
    now += 30s;
    EXPECT_NEAR(remaining(), 500, 1);
}

TEST_F(TokenLimitTest, SpentTokensAreRegainedDuringALongStream) {
    limit(both(600));
    Request* stream = arrive({100, 500});
    EXPECT_NEAR(remaining(), 0, 1e-6);
    spend(*stream, {100, 0});
    for (std::uint32_t out = 5; out <= 500; out += 5) {
        now += 1s;
        spend(*stream, {100, out});
    }
    EXPECT_NEAR(remaining(), 600, 10) << "5 a second spent, 10 a second earned";
    end(*stream, {100, 500});
}

TEST_F(TokenLimitTest, SettlesWithTheActualAmount) {
    limit(both(1000));
    Request* request = arrive({100, 800});
    EXPECT_NEAR(remaining(), 100, 1e-6);
    end(*request, {90, 10});
    EXPECT_NEAR(remaining(), 900, 1e-6);
    request = arrive({100, 700});
    end(*request, {0, 0});
    EXPECT_NEAR(remaining(), 900, 1e-6) << "a request that used nothing costs nothing";
}

TEST_F(TokenLimitTest, RefundsWhatAnEstimateOvercharged) {
    limit(both(1000));
    Request* request = arrive({500, 100});
    spend(*request, {500, 20});
    end(*request, {200, 18});
    EXPECT_NEAR(remaining(), 782, 1);
}

TEST_F(TokenLimitTest, RefundsNothingThatTheBucketHasRegainedByItself) {
    limit(both(1000));
    Request* early = arrive({900, 0});
    spend(*early, {900, 0});
    now += 1min;
    Request* late = arrive({1000, 0});
    ASSERT_NE(late, nullptr);
    spend(*late, {1000, 0});
    end(*early, {0, 0});
    EXPECT_NEAR(remaining(), 0, 1e-6) << "otherwise 2000 would have passed at once";
}

TEST_F(TokenLimitTest, AReservationIsAllOrNothing) {
    LimitConfig whole = both(1000);
    whole.tokens->output = per_minute(50);
    limit(whole, both(300));
    ASSERT_NE(arrive({10, 40}), nullptr);
    EXPECT_EQ(arrive({10, 40}), nullptr);
    EXPECT_EQ(excess->reason, Reason::class_tokens) << "the limit on answers";
    EXPECT_DOUBLE_EQ(excess->limit, 50);
    EXPECT_NEAR(remaining(Meter::output), 10, 1e-6);
    EXPECT_NEAR(remaining(Meter::tokens), 250, 1e-6) << "of the client: nothing was reserved there";
    EXPECT_EQ(arrive({290, 1}), nullptr);
    EXPECT_EQ(excess->reason, Reason::client_tokens);
    EXPECT_NE(arrive({290, 1}, 2), nullptr) << "each client has a bucket of its own";
    EXPECT_NEAR(remaining(Meter::output), 9, 1e-6);
}

TEST_F(TokenLimitTest, ARequestThatSpendsNoTokensIsNotHeldUpByTokenLimits) {
    limit(both(100));
    end(*arrive({50, 50}), {5000, 5000});
    EXPECT_NE(arrive({0, 0}), nullptr) << "such as a GET";
}

TEST_F(TokenLimitTest, ADebtIsBounded) {
    limit(both(60));
    end(*arrive({1, 1}), {2'000'000'000, 2'000'000'000});
    now += 1h + 1min + 1s;
    EXPECT_NE(arrive({1, 1}), nullptr);
}

TEST_F(TokenLimitTest, AShadowLimitCountsAndRefusesNothing) {
    limit(both(100, Mode::shadow));
    ASSERT_NE(arrive({60, 0}), nullptr);
    EXPECT_TRUE(class_limits->check(1, now, {60, 0}).shadow);
    Request* over = arrive({60, 0});
    ASSERT_NE(over, nullptr);
    end(*over, {60, 0});
    end(requests.front(), {60, 0});
    EXPECT_NEAR(class_limits->fill(now), 0.4, 1e-6) << "as if the second had been refused";
}

TEST_F(TokenLimitTest, AReloadKeepsWhatIsHeldAndSpent) {
    limit(both(100));
    Request* request = arrive({20, 20});
    ClassConfig config;
    config.limits = both(1000);
    class_limits->reconfigure(config, now);
    EXPECT_NEAR(remaining(), 960, 1e-6);
    class_limits->reconfigure({}, now);
    end(*request, {20, 20});
    class_limits->reconfigure(config, now);
    EXPECT_NEAR(remaining(), 1000, 1e-6);
}

class TokenJudgeTest : public testing::Test {
protected:
    static JudgeConfig limited(double tokens, std::uint32_t slots) {
        JudgeConfig config = test::make_config({test::make_class(0)}, {slots});
        config.classes[0].config.limits = both(tokens);
        config.classes[0].config.queue_timeout = 10s;
        return config;
    }
    static Ask ask_for(std::uint32_t input, std::uint32_t output) {
        Ask ask = test::make_ask(0);
        ask.prompt_tokens = input;
        ask.output_tokens = output;
        return ask;
    }
};

TEST_F(TokenJudgeTest, LeavingTheQueueSpendsNothing) {
    test::Scene scene(limited(100, 1));
    Place& running = scene.arrive(ask_for(10, 10));
    Place& waiting = scene.arrive(ask_for(40, 40));
    EXPECT_EQ(waiting.standing(), Standing::waiting);
    EXPECT_EQ(scene.arrive(ask_for(1, 0)).decision().reason, Reason::class_tokens);
    scene.judge.leave(waiting, scene.clock.now(), scene.changes);
    EXPECT_NEAR(scene.judge.allowance(ask_for(0, 0), scene.clock.now()).of[1].remaining, 80, 1e-6);
    scene.judge.finish(running, scene.clock.now(), scene.changes, Tokens{10, 2});
    EXPECT_NEAR(scene.judge.allowance(ask_for(0, 0), scene.clock.now()).of[1].remaining, 88, 1e-6);
}

TEST_F(TokenJudgeTest, AnAnswerCutShortHasSpentItsPromptAndWhatWasStreamed) {
    test::Scene scene(limited(1000, 4));
    Place& place = scene.arrive(ask_for(100, 500));
    scene.judge.first_token(place, scene.clock.now(), scene.changes);
    scene.judge.streamed(place, 48, scene.clock.now());
    scene.judge.finish(place, scene.clock.now(), scene.changes);
    EXPECT_NEAR(scene.judge.allowance(ask_for(0, 0), scene.clock.now()).of[1].remaining, 852, 1e-6);
}

}  // namespace
}  // namespace weir::admission

#include "upstream/health.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/random.hpp"
#include "net/dns.hpp"
#include "net/task.hpp"
#include "upstream/engine_report.hpp"
#include "upstream/fetch.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

// A name is looked up again when its record says so, but no more often than this, and no less.
constexpr Duration kResolveSoonest = 1s;
constexpr Duration kResolveLatest = 1min;
constexpr auto kTick = 100ms;      // how late an ejection may end
constexpr Duration kLook = 200ms;  // for an address, where nothing else is due
constexpr Duration kReadEvery = 1min;
constexpr Duration kReadGauges = 1s;
constexpr Duration kReadAgain = 2s;
constexpr std::size_t kMaxCheck = 64 * 1024;  // of an answer in which a text is expected
constexpr std::size_t kMaxMetrics = 4 * 1024 * 1024;

// The watch over one endpoint; destroying it ends its coroutine.
class Watch {
public:
    Watch(net::EventLoop& loop, net::Dns& dns, std::shared_ptr<Backend> backend, std::shared_ptr<Endpoint> endpoint,
          std::uint64_t seed)
        : random_(seed),
          backend_(std::move(backend)),
          endpoint_(std::move(endpoint)),
          waker_(loop),
          timer_(loop.timers(), waker_),
          dns_(dns),
          is_literal_(IpAddress::parse(endpoint_->config().host).has_value()),
          run_(run()) {
        run_.start();
    }

    [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }
    // The endpoint continues under another policy: earlier probes still count.
    void go_on(std::shared_ptr<Backend> backend) { backend_ = std::move(backend); }

private:
    void look_up(TimePoint now) {
        if (is_literal_ || asking_ || now < look_up_at_) return;
        asking_ = true;
        dns_.ask({endpoint_->config().host, endpoint_->config().port, false, {}},
                 [this, alive = std::weak_ptr<char>(alive_)](const net::Dns::Answer& answer) {
                     if (!alive.expired()) located(answer);
                 });
    }

    void located(const net::Dns::Answer& answer) {
        asking_ = false;
        look_up_at_ = waker_.loop().now() + std::clamp(answer.ttl, kResolveSoonest, kResolveLatest);
        // Once for each reason.
        if (std::exchange(look_up_fault_, answer.error) != answer.error && !answer.error.empty()) {
            spdlog::warn("cannot look up {}: {}", endpoint_->config().host, answer.error);
        }
        std::vector<net::SocketAddress> addresses;
        for (const net::Dns::Found& one : answer.found) addresses.push_back(one.address);
        backend_->located(*endpoint_, std::move(addresses), waker_.loop().now());
    }

    net::task<void> check(const HealthConfig& health, TimePoint began) {
        const WantedBody wanted{health.body.empty() ? 0 : kMaxCheck, !health.body.empty()};
        const Fetched answer = co_await fetch(*endpoint_, check_request(*backend_, *endpoint_), wanted, waker_, timer_,
                                              began + health.timeout);
        const WhyDown fault = answer.fault_of(health);
        endpoint_->note_check(fault);
        backend_->probed(*endpoint_, fault.reason == DownReason::none, waker_.loop().now());
    }

    net::task<void> sleep_until(TimePoint when) {
        timer_.set(when);
        while (waker_.loop().now() < when) co_await waker_.wait();
    }

    net::task<void> run() {
        for (;;) {
            const TimePoint began = waker_.loop().now();
            look_up(began);
            if (endpoint_->addresses().empty()) {
                co_await sleep_until(began + kLook);
                continue;
            }
            // Copies: a reload may replace the backend meanwhile.
            const std::optional<HealthConfig> health = backend_->config().health;
            if (health && began >= check_at_) {
                co_await check(*health, began);
                check_at_ = began + varied(health->every, random_);
            }
            if (reads_metrics() && waker_.loop().now() >= read_at_) co_await read_metrics(waker_.loop().now());
            TimePoint next = health ? check_at_ : began + kLook;
            if (reads_metrics()) next = std::min(next, read_at_);
            co_await sleep_until(next);
        }
    }

    [[nodiscard]] bool reads_metrics() const {
        return backend_->config().context_tokens.read || backend_->config().metrics.gauges;
    }

    // The size of the KV cache, as the engine reports it, where the policy leaves that to the engine, read again now
    // and then: an engine may have been restarted with another model. And its gauges, where the policy asks for them.
    net::task<void> read_metrics(TimePoint now) {
        const MetricsConfig config = backend_->config().metrics;
        const bool context = backend_->config().context_tokens.read;
        const Fetched page = co_await fetch(*endpoint_, get_request(*backend_, *endpoint_, config.path),
                                            WantedBody{kMaxMetrics}, waker_, timer_, now + config.timeout);
        const auto tokens = page.success() && context ? context_tokens_in(page.body) : std::nullopt;
        read_at_ = now + (config.gauges ? kReadGauges : tokens ? kReadEvery : kReadAgain);
        if (tokens) {
            backend_->report_context(*endpoint_, *tokens);
        } else if (context && !warned_) {
            spdlog::warn(
                "endpoint {} does not say how many tokens its KV cache holds at {}; until it does, no limit is "
                "put on them",
                endpoint_->config().url, config.path);
        }
        warned_ = context && !tokens;
        if (config.gauges) take_gauges(page.success() ? gauges_in(page.body) : EngineGauges{});
    }

    // Warns once of each: what the policy says that the engine contradicts, and a page that says nothing.
    void take_gauges(const EngineGauges& gauges) {
        const std::string& url = endpoint_->config().url;
        const bool silent = !gauges.running && !gauges.waiting && !gauges.kv_usage;
        if (silent && !std::exchange(silent_, silent)) {
            spdlog::warn("endpoint {} says nothing of its load at {}", url, backend_->config().metrics.path);
        }
        silent_ = silent;
        const LimitsShown shown = backend_->report_gauges(*endpoint_, gauges);
        if (shown.requests_contradicted() && !requests_contradicted_) {
            spdlog::warn(
                "endpoint {} runs {} requests at once and lets others wait: capacity.requests, {}, is more than it has",
                url, shown.requests, shown.told_requests);
        }
        if (shown.context_contradicted() && !context_contradicted_) {
            spdlog::warn("endpoint {} shows a KV cache of {} tokens: capacity.context_tokens, {}, is more than it has",
                         url, shown.context, shown.told_context);
        }
        requests_contradicted_ = shown.requests_contradicted();
        context_contradicted_ = shown.context_contradicted();
    }

    std::uint64_t random_;
    std::shared_ptr<Backend> backend_;
    std::shared_ptr<Endpoint> endpoint_;
    net::Waker waker_;
    net::Timer timer_;
    net::Dns& dns_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();  // answers of the resolver come while it is there
    bool is_literal_;                                         // its host is an address
    bool asking_ = false;
    TimePoint look_up_at_{};
    std::string look_up_fault_;  // of the last one; empty: none
    TimePoint check_at_{};       // the next health check
    TimePoint read_at_{};        // the next reading of the engine's metrics
    bool warned_ = false;        // that they lack the KV cache's size
    bool silent_ = false;        // that they have no gauges
    bool requests_contradicted_ = false;
    bool context_contradicted_ = false;
    net::task<void> run_;
};

}  // namespace

// Ticks all backends; holds a watch for each endpoint.
struct HealthChecker::Impl final : net::Wakeable {
    Impl(net::EventLoop& owner, net::Dns& resolver, std::uint64_t seed)
        : Wakeable(owner), dns(resolver), timer(owner.timers(), *this), random(seed) {}

    void run() override {
        for (const auto& backend : backends) backend->tick(loop().batch_time());
        timer.set(loop().batch_time() + kTick);
    }

    net::Dns& dns;
    net::Timer timer;
    std::uint64_t random;
    std::vector<std::shared_ptr<Backend>> backends;
    std::vector<std::unique_ptr<Watch>> watches;
};

Duration varied(Duration interval, std::uint64_t& random) {
    const double part = static_cast<double>(next_random(random) >> 11) * 0x1p-53;
    return from_seconds(seconds(interval) * (0.9 + 0.2 * part));
}

HealthChecker::HealthChecker(net::EventLoop& loop, net::Dns& dns, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(loop, dns, seed)) {}
HealthChecker::~HealthChecker() = default;

void HealthChecker::watch(std::vector<std::shared_ptr<Backend>> backends) {
    std::vector<std::unique_ptr<Watch>> before = std::move(impl_->watches);
    impl_->watches.clear();
    impl_->backends = std::move(backends);
    std::unordered_map<const Endpoint*, std::unique_ptr<Watch>*> known;
    for (auto& watch : before) known.emplace(&watch->endpoint(), &watch);
    for (const auto& backend : impl_->backends) {
        for (const auto& endpoint : backend->endpoints()) {
            // A watch restarted with every reload would never observe three failures in a row.
            const auto found = known.find(endpoint.get());
            if (found != known.end() && *found->second) {
                (*found->second)->go_on(backend);
                impl_->watches.push_back(std::move(*found->second));
            } else {
                impl_->watches.push_back(
                    std::make_unique<Watch>(impl_->loop(), impl_->dns, backend, endpoint, next_random(impl_->random)));
            }
        }
    }
    impl_->wake();
}

}  // namespace weir::upstream

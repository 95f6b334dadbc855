#include "upstream/health.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <unordered_map>

#include "net/resolver.hpp"
#include "net/task.hpp"
#include "upstream/engine_report.hpp"
#include "upstream/fetch.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr auto kResolveEvery = 30s;
constexpr auto kTick = 100ms;  // how late an ejection may end
constexpr auto kReadEvery = 1min;
constexpr auto kReadAgain = 2s;
constexpr std::size_t kMaxMetrics = 4 * 1024 * 1024;

// The watch over one endpoint; destroying it ends its coroutine.
class Watch {
public:
    Watch(net::EventLoop& loop, std::shared_ptr<Backend> backend, std::shared_ptr<Endpoint> endpoint)
        : backend_(std::move(backend)),
          endpoint_(std::move(endpoint)),
          waker_(loop),
          timer_(loop.timers(), waker_),
          resolver_(std::make_shared<net::Resolver>(loop)),
          run_(run()) {
        run_.start();
    }

    [[nodiscard]] const Endpoint& endpoint() const { return *endpoint_; }
    // The endpoint continues under another policy: earlier probes still count.
    void go_on(std::shared_ptr<Backend> backend) { backend_ = std::move(backend); }

private:
    void resolve() {
        resolver_->resolve(endpoint_->config().host, endpoint_->config().port,
                           [endpoint = endpoint_](std::vector<net::SocketAddress> addresses) {
                               if (addresses.empty()) spdlog::warn("cannot resolve {}", endpoint->config().host);
                               endpoint->set_addresses(std::move(addresses));
                           });
    }

    void note(const Fetched& answer) {
        if (answer.success()) return;
        endpoint_->note_fault(answer.status == 0 ? answer.fault
                                                 : WhyDown{DownReason::status, std::to_string(answer.status)});
    }

    net::task<void> sleep_until(TimePoint when) {
        timer_.set(when);
        while (waker_.loop().now() < when) co_await waker_.wait();
    }

    net::task<void> run() {
        TimePoint resolve_at{};
        for (;;) {
            const TimePoint began = waker_.loop().now();
            if (began >= resolve_at) {
                resolve();
                // A name that has never resolved is looked up again soon.
                resolve_at = began + (endpoint_->addresses().empty() ? Duration(1s) : Duration(kResolveEvery));
            }
            // A copy: a reload may replace the backend meanwhile.
            const std::optional<HealthConfig> health = backend_->config().health;
            if (health && !endpoint_->addresses().empty()) {
                const Fetched answer = co_await fetch(*endpoint_, get_request(*backend_, *endpoint_, health->path), 0,
                                                      waker_, timer_, began + health->timeout);
                note(answer);
                backend_->probed(*endpoint_, answer.success());
            }
            const bool reads = backend_->config().context_tokens.read && !endpoint_->addresses().empty();
            if (reads && waker_.loop().now() >= read_at_) co_await read_context(waker_.loop().now());
            const Duration pause = health && !endpoint_->addresses().empty() ? health->every : Duration(200ms);
            co_await sleep_until(began + pause);
        }
    }

    // The size of the KV cache, as the engine reports it, where the policy leaves that to the engine. Read again now
    // and then: an engine may have been restarted with another model.
    net::task<void> read_context(TimePoint now) {
        const MetricsConfig config = backend_->config().metrics;
        const Fetched page = co_await fetch(*endpoint_, get_request(*backend_, *endpoint_, config.path), kMaxMetrics,
                                            waker_, timer_, now + config.timeout);
        const auto tokens = page.success() ? context_tokens_in(page.body) : std::nullopt;
        read_at_ = now + (tokens ? kReadEvery : kReadAgain);
        if (tokens) {
            backend_->report_context(*endpoint_, *tokens);
        } else if (!warned_) {
            spdlog::warn(
                "endpoint {} does not say how many tokens its KV cache holds at {}; until it does, no limit is "
                "put on them",
                endpoint_->config().url, config.path);
        }
        warned_ = !tokens;
    }

    std::shared_ptr<Backend> backend_;
    std::shared_ptr<Endpoint> endpoint_;
    net::Waker waker_;
    net::Timer timer_;
    std::shared_ptr<net::Resolver> resolver_;
    TimePoint read_at_{};  // of the engine's metrics
    bool warned_ = false;  // that they lack the KV cache's size
    net::task<void> run_;
};

}  // namespace

// Ticks all backends; holds a watch for each endpoint.
struct HealthChecker::Impl final : net::Wakeable {
    explicit Impl(net::EventLoop& owner) : Wakeable(owner), timer(owner.timers(), *this) {}

    void run() override {
        for (const auto& backend : backends) backend->tick(loop().batch_time());
        timer.set(loop().batch_time() + kTick);
    }

    net::Timer timer;
    std::vector<std::shared_ptr<Backend>> backends;
    std::vector<std::unique_ptr<Watch>> watches;
};

HealthChecker::HealthChecker(net::EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}
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
                impl_->watches.push_back(std::make_unique<Watch>(impl_->loop(), backend, endpoint));
            }
        }
    }
    impl_->wake();
}

}  // namespace weir::upstream

#include "upstream/health.hpp"

#include <spdlog/spdlog.h>

#include <string>

#include "http/head.hpp"
#include "net/resolver.hpp"
#include "net/task.hpp"
#include "upstream/connection.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr auto kResolveEvery = 30s;
constexpr auto kTick = 100ms;  // how late an ejection may end
constexpr std::size_t kMaxAnswer = 16 * 1024;

// Sends the probe and reads the head of the answer. True when it came in time and said 2xx.
net::task<bool> exchange_probe(net::ByteStream& stream, const std::string& request, net::Waker& waker,
                               net::Timer& timer, TimePoint deadline) {
    timer.set(deadline);
    std::size_t sent = 0;
    std::string answer;
    http::ResponseHead head;
    for (;;) {
        if (waker.loop().now() >= deadline) co_return false;
        if (sent < request.size()) {
            const iovec part = net::as_part(std::string_view(request).substr(sent));
            const net::IoResult result = stream.try_write({&part, 1});
            if (result.status == net::IoStatus::failed) co_return false;
            sent += result.bytes;
            if (result.status == net::IoStatus::ok) continue;
        }
        const std::span<char> scratch = waker.loop().scratch();
        const net::IoResult result = stream.try_read(scratch.first(4096));
        if (result.status == net::IoStatus::eof || result.status == net::IoStatus::failed) co_return false;
        if (result.status == net::IoStatus::would_block) {
            co_await waker.wait();
            continue;
        }
        answer.append(scratch.data(), result.bytes);
        const auto parsed = http::parse_response(answer, {}, false, head);
        if (parsed.status == http::ParseStatus::refused || answer.size() > kMaxAnswer) co_return false;
        if (parsed.status == http::ParseStatus::complete && head.status >= 200) co_return head.status < 300;
        if (parsed.status == http::ParseStatus::complete) answer.erase(0, parsed.consumed);
    }
}

// One endpoint under watch: its coroutine ends with it.
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

private:
    void resolve() {
        resolver_->resolve(endpoint_->config().host, endpoint_->config().port,
                           [endpoint = endpoint_](std::vector<net::SocketAddress> addresses) {
                               if (addresses.empty()) spdlog::warn("cannot resolve {}", endpoint->config().host);
                               endpoint->set_addresses(std::move(addresses));
                           });
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
                // A name that has never resolved is asked for again soon.
                resolve_at = began + (endpoint_->addresses().empty() ? Duration(1s) : Duration(kResolveEvery));
            }
            const auto& health = backend_->config().health;
            if (health && !endpoint_->addresses().empty()) {
                const bool success = co_await probe(*health, began + health->timeout);
                backend_->probed(*endpoint_, success);
            }
            const Duration pause = health && !endpoint_->addresses().empty() ? health->every : Duration(200ms);
            co_await sleep_until(began + pause);
        }
    }

    net::task<bool> probe(const HealthConfig& config, TimePoint deadline) {
        ConnectResult result = co_await connect(*endpoint_, waker_, timer_, deadline, nullptr);
        if (!result.connection) co_return false;
        const std::string request = "GET " + config.path + " HTTP/1.1\r\nHost: " + endpoint_->authority() +
                                    "\r\nUser-Agent: weir/" WEIR_VERSION "\r\nConnection: close\r\n\r\n";
        const bool healthy = co_await exchange_probe(result.connection->stream(), request, waker_, timer_, deadline);
        co_return healthy;
    }

    std::shared_ptr<Backend> backend_;
    std::shared_ptr<Endpoint> endpoint_;
    net::Waker waker_;
    net::Timer timer_;
    std::shared_ptr<net::Resolver> resolver_;
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
    impl_->watches.clear();
    impl_->backends = std::move(backends);
    for (const auto& backend : impl_->backends) {
        for (const auto& endpoint : backend->endpoints()) {
            impl_->watches.push_back(std::make_unique<Watch>(impl_->loop(), backend, endpoint));
        }
    }
    impl_->wake();
}

}  // namespace weir::upstream

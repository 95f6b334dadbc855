#include "gateway/gateway.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <random>

#include "gateway/systemd.hpp"

namespace weir::gateway {
namespace {

std::uint64_t random_word() {
    std::random_device entropy;
    return std::uint64_t{entropy()} << 32 | entropy();
}

// Two signals within this time count as one.
constexpr Duration kOneSignal = std::chrono::milliseconds(50);

}  // namespace

struct Gateway::Signals {
    explicit Signals(net::EventLoop& loop) : set(loop.io(), SIGTERM, SIGINT, SIGHUP) { set.add(SIGUSR1); }
    boost::asio::signal_set set;
};

Gateway::Gateway(std::filesystem::path policy_file, Assembly assembly, numbering::Names names, std::uint64_t salt,
                 telemetry::OperationalLog& log)
    : policy_file_(std::move(policy_file)),
      assembly_(std::move(assembly)),
      names_(std::move(names)),
      salt_(salt),
      dns_(control_),
      discovery_(
          control_, dns_, [this] { control_.post([this] { adopt_found(); }); },
          [this](std::string_view backend) { return is_down(backend); }),
      health_(control_, dns_, random_word()),
      job_watch_(control_,
                 [this](TimePoint now) {
                     for (const Bench& bench : assembly_.benches) bench.jobs->expire(now);
                 }),
      video_polls_(control_),
      log_(log) {
    state_.wall_offset = std::chrono::system_clock::now().time_since_epoch() - Clock::now().time_since_epoch();
    state_.pseudonym = fmt::format("weir-{:08x}", random_word() & 0xFFFF'FFFF);
    state_.workers = worker_count();
    telemetry_ = std::make_unique<telemetry::Telemetry>(state_.workers, labels());
}

Gateway::~Gateway() { stop_threads(); }

Result<std::unique_ptr<Gateway>> Gateway::start(std::filesystem::path policy_file, policy::Policy policy,
                                                telemetry::OperationalLog& log) {
    numbering::Names names;
    const std::uint64_t salt = random_word();
    // What a policy's checks take in their place is not there to be served by.
    for (upstream::BackendConfig& backend : policy.backends) {
        if (backend.discovery) backend.endpoints.clear();
    }
    auto numbered = numbering::number(std::move(policy), names);
    if (!numbered) return numbered.error();
    auto assembly = assemble(std::move(*numbered), nullptr, salt, Clock::now());
    if (!assembly) return assembly.error();
    std::unique_ptr<Gateway> gateway(
        new Gateway(std::move(policy_file), std::move(*assembly), std::move(names), salt, log));
    if (auto opened = gateway->telemetry_->reconfigure(gateway->assembly_.policy.logging); !opened)
        return opened.error();
    if (auto bound = gateway->bind(); !bound) return bound.error();
    gateway->log_lowered_connections();
    // Before readiness is announced: a signal that comes right after that must find its handler.
    gateway->signals_ = std::make_unique<Signals>(gateway->control_);
    gateway->watch_signals();
    return gateway;
}

Result<void> Gateway::bind() {
    for (std::uint32_t i = 0; i < state_.workers; ++i) {
        workers_.push_back(std::make_unique<downstream::Worker>(i, state_, telemetry_->recorder(i), assembly_.routing));
    }
    std::vector<downstream::Worker*> all;
    for (const auto& worker : workers_) all.push_back(worker.get());
    for (const auto& worker : workers_) worker->set_all(all);
    for (const downstream::ListenerRoute& listener : assembly_.routing->listeners) {
        net::BindAddress address = listener.config.bind;
        for (const auto& worker : workers_) {
            auto fd = net::listen_on(address, true);
            if (!fd) return Error{fmt::format("listener '{}': {}", listener.config.name, fd.error().message)};
            worker->listen(listener.id, *fd);
            if (!address.unix_path.empty()) sockets_.emplace_back(address.unix_path);
            // All workers share the port that the kernel gave the first one.
            if (address.unix_path.empty()) address.port = net::local_address(*fd).port();
            if (worker == workers_.front()) {
                addresses_ += fmt::format("listener {} {} ", listener.config.name, net::local_address(*fd).to_string());
            }
            // A path has one socket; the first worker serves it.
            if (!address.unix_path.empty()) break;
        }
    }
    auto fd = net::listen_on(assembly_.policy.admin.bind, false);
    if (!fd) return Error{fmt::format("admin: {}", fd.error().message)};
    if (const std::string& path = assembly_.policy.admin.bind.unix_path; !path.empty()) sockets_.emplace_back(path);
    addresses_ += fmt::format("admin {}", net::local_address(*fd).to_string());
    admin_ = std::make_unique<admin::Server>(control_, *fd, admin_routes());
    admin_->set_token(assembly_.policy.admin.token);
    admin_->set_names(assembly_.policy.admin.names);
    return {};
}

void Gateway::run(const std::function<void()>& on_ready) {
    watch_backends();
    start_threads();
    on_ready();
    notify_service_manager("READY=1");
    control_.run();
    finish();
}

void Gateway::start_threads() {
    // Signals belong to the control loop: a worker that took one would only be interrupted.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigdelset(&all, Watchdog::prepare());
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (const auto& worker : workers_) {
        threads_.emplace_back([&worker = *worker] { worker.run(); });
        pthread_setname_np(threads_.back().native_handle(), "weir-worker");
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    watchdog_ = std::make_unique<Watchdog>(control_, workers_, threads_);
}

void Gateway::watch_signals() {
    signals_->set.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        control_.post([this, signal] {
            switch (signal) {
                case SIGHUP: return reload();
                case SIGUSR1: return telemetry_->reopen_access_log();
                default:
                    if (!drain_) return begin_drain();
                    // A shell and a supervisor may both pass on the same signal.
                    if (control_.now() > drain_began_ + kOneSignal) end_now();
                    return;
            }
        });
        watch_signals();
    });
}

void Gateway::begin_drain() {
    if (drain_) return;
    notify_service_manager("STOPPING=1");
    spdlog::info("draining: no new connections; running requests have {} s",
                 seconds(assembly_.policy.limits.drain_timeout));
    drain_began_ = control_.now();
    const TimePoint deadline = drain_began_ + assembly_.policy.limits.drain_timeout;
    drain_ = std::make_unique<Drain>(control_, state_, workers_, deadline, [this] { control_.stop(); });
}

void Gateway::end_now() {
    spdlog::warn("second signal to end: closing {} connections", state_.connections.load(std::memory_order_relaxed));
    control_.stop();
}

void Gateway::finish() {
    stop_threads();
    telemetry_->shutdown();
}

void Gateway::stop_threads() {
    watchdog_.reset();
    for (const auto& worker : workers_) worker->loop().stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void Gateway::watch_backends() {
    discovery_.watch(assembly_.policy.backends);
    std::vector<std::shared_ptr<upstream::Backend>> backends;
    for (const Bench& bench : assembly_.benches) backends.push_back(bench.backend);
    health_.watch(std::move(backends));
    std::vector<downstream::VideoPolls::Bench> polled;
    for (const Bench& bench : assembly_.benches) polled.push_back({bench.backend, bench.jobs});
    video_polls_.watch(polled);
}

bool Gateway::is_down(std::string_view backend) const {
    return std::none_of(assembly_.benches.begin(), assembly_.benches.end(), [&](const Bench& bench) {
        return bench.backend->config().name == backend && bench.backend->any_available(kNoEndpoint);
    });
}

bool Gateway::ready() const { return !drain_; }

}  // namespace weir::gateway

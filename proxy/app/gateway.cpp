#include "app/gateway.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <random>

#include "app/cores.hpp"
#include "app/policy_tests.hpp"
#include "app/systemd.hpp"
#include "policy/load.hpp"

namespace weir::app {
namespace {

std::uint64_t random_word() {
    std::random_device entropy;
    return std::uint64_t{entropy()} << 32 | entropy();
}

std::uint32_t worker_count(const policy::Policy& policy) {
    // Once: a quota that changes while it runs must not make every reload one that asks for other workers.
    static const std::uint32_t cores = usable_cores();
    return policy.workers != 0 ? policy.workers : cores;
}

// What cannot be changed while running: each needs sockets or threads that exist already.
Result<void> check_unchanged(const policy::Policy& before, const policy::Policy& after) {
    for (std::size_t i = 0; i < std::max(before.listeners.size(), after.listeners.size()); ++i) {
        const auto refuse = [](const auto& listener, std::string_view what) {
            return Error{fmt::format("listener '{}' cannot be {} by a reload; restart instead", listener.name, what)};
        };
        if (i >= before.listeners.size()) return refuse(after.listeners[i], "added");
        const downstream::ListenerConfig& old = before.listeners[i];
        if (i >= after.listeners.size() || after.listeners[i].name != old.name) {
            return refuse(old, "removed, renamed or put elsewhere in the list");
        }
        if (after.listeners[i].bind != old.bind) return refuse(old, "moved to another address");
        if (after.listeners[i].tls.has_value() != old.tls.has_value()) return refuse(old, "given or deprived of TLS");
    }
    if (before.admin.bind != after.admin.bind)
        return Error{"admin.bind cannot be changed by a reload; restart instead"};
    if (worker_count(before) != worker_count(after))
        return Error{"workers cannot be changed by a reload; restart instead"};
    return {};
}

// Two signals within so long are one.
constexpr Duration kOneWord = std::chrono::milliseconds(50);

void tell_of_fitting(const policy::Policy& policy) {
    if (!policy.fitted_to_descriptors) return;
    spdlog::warn(
        "limits.connections is not written, and {} instead of its default {}: the process may open {} file descriptors",
        policy.limits.connections, downstream::ProcessLimits{}.connections, *policy.fitted_to_descriptors);
}

}  // namespace

struct Gateway::Signals {
    explicit Signals(net::EventLoop& loop) : set(loop.io(), SIGTERM, SIGINT, SIGHUP) { set.add(SIGUSR1); }
    boost::asio::signal_set set;
};

Gateway::Gateway(std::filesystem::path policy_file, Assembly assembly, Names names, std::uint64_t salt,
                 telemetry::OperationalLog& log)
    : policy_file_(std::move(policy_file)),
      assembly_(std::move(assembly)),
      names_(std::move(names)),
      salt_(salt),
      health_(control_),
      job_watch_(control_,
                 [this](TimePoint now) {
                     for (const Bench& bench : assembly_.benches) bench.judge->jobs().expire(now);
                 }),
      video_polls_(control_),
      log_(log) {
    state_.wall_offset = std::chrono::system_clock::now().time_since_epoch() - Clock::now().time_since_epoch();
    state_.pseudonym = fmt::format("weir-{:08x}", random_word() & 0xFFFF'FFFF);
    state_.workers = worker_count(assembly_.policy);
    witness_ = std::make_unique<telemetry::Witness>(state_.workers, labels());
}

Gateway::~Gateway() { stop_threads(); }

Result<std::unique_ptr<Gateway>> Gateway::start(std::filesystem::path policy_file, policy::Policy policy,
                                                telemetry::OperationalLog& log) {
    Names names;
    const std::uint64_t salt = random_word();
    auto assembly = assemble(std::move(policy), names, nullptr, salt, Clock::now());
    if (!assembly) return assembly.error();
    std::unique_ptr<Gateway> gateway(
        new Gateway(std::move(policy_file), std::move(*assembly), std::move(names), salt, log));
    if (auto opened = gateway->witness_->reconfigure(gateway->assembly_.policy.logging); !opened) return opened.error();
    if (auto bound = gateway->bind(); !bound) return bound.error();
    tell_of_fitting(gateway->assembly_.policy);
    // Before anybody is told that it is ready: a signal that comes then must find its handler.
    gateway->signals_ = std::make_unique<Signals>(gateway->control_);
    gateway->watch_signals();
    return gateway;
}

Result<void> Gateway::bind() {
    for (std::uint32_t i = 0; i < state_.workers; ++i) {
        workers_.push_back(std::make_unique<downstream::Worker>(i, state_, witness_->recorder(i), assembly_.routing));
    }
    for (const auto& worker : workers_) state_.all_workers.push_back(worker.get());
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
    // Signals are the control loop's: a worker that took one would only be interrupted by it.
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
                case SIGUSR1: return witness_->reopen_access_log();
                default:
                    if (!drain_) return begin_drain();
                    // A shell and a supervisor may both pass on what was said once.
                    if (control_.now() > drain_began_ + kOneWord) end_now();
                    return;
            }
        });
        watch_signals();
    });
}

Result<Assembly> Gateway::load_again() {
    policy::LoadedPolicy loaded = load_and_test(policy_file_, {.served = true});
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) {
        return Error{"the policy has errors:\n" + policy::to_text(loaded.diagnostics, loaded.sources)};
    }
    if (auto unchanged = check_unchanged(assembly_.policy, *loaded.policy); !unchanged) return unchanged.error();
    const Uses counted = counted_names();
    return assemble(std::move(*loaded.policy), names_, &assembly_, salt_, control_.now());
}

// What judges still count although no request of its policy is left: video jobs, and endpoints that a reload gave to
// requests of a former policy.
Uses Gateway::counted_names() {
    Uses uses;
    for (const Bench& bench : assembly_.benches) {
        const admission::JudgeCounts counts = bench.judge->counts(control_.now());
        for (const admission::ClassCounts& cls : counts.classes) names_.classes.hold(cls.id, uses);
        for (const admission::EndpointCounts& endpoint : counts.endpoints) {
            if (endpoint.inflight > 0) names_.endpoints.hold(endpoint.id, uses);
        }
    }
    return uses;
}

void Gateway::reload() {
    // A program that rotates logs by this signal is obeyed, whatever has become of the policy.
    witness_->reopen_access_log();
    if (drain_) return;
    notify_reloading();
    auto assembly = load_again();
    // The log's file is the last thing that can still be refused.
    if (assembly) {
        if (auto opened = witness_->reconfigure(assembly->policy.logging); !opened) assembly = opened.error();
    }
    last_reload_ = {control_.now(), assembly.has_value(), assembly ? std::string{} : assembly.error().message};
    if (assembly) {
        ++reloads_succeeded_;
        put_in_force(std::move(*assembly));
        tell_of_fitting(assembly_.policy);
        spdlog::info("reloaded {}: policy {}", policy_file_.string(), assembly_.policy.hash.hex().substr(0, 12));
    } else {
        ++reloads_failed_;
        spdlog::error("reload refused, the old policy stays in force: {}", assembly.error().message);
    }
    notify_service_manager("READY=1");
}

void Gateway::put_in_force(Assembly assembly) {
    const TimePoint now = control_.now();
    assembly_ = std::move(assembly);
    for (const EndpointId id : names_.endpoints.take_renamed()) {
        for (const Bench& bench : assembly_.benches) bench.judge->jobs().forget(id);
    }
    // Names first: from the next line on, records may carry the new numbers.
    witness_->set_labels(labels());
    log_.set_level(assembly_.policy.logging.level);
    for (const Bench& bench : assembly_.benches) bench.judge->reconfigure(bench.config, bench.backend, now);
    for (const auto& worker : workers_) {
        worker->loop().post([&worker = *worker, routing = assembly_.routing] { worker.set_routing(routing); });
    }
    watch_backends();
    admin_->set_token(assembly_.policy.admin.token);
    admin_->set_names(assembly_.policy.admin.names);
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
    spdlog::warn("told to end a second time: {} connections are cut",
                 state_.connections.load(std::memory_order_relaxed));
    control_.stop();
}

void Gateway::finish() {
    stop_threads();
    witness_->shutdown();
}

void Gateway::stop_threads() {
    watchdog_.reset();
    for (const auto& worker : workers_) worker->loop().stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void Gateway::watch_backends() {
    std::vector<std::shared_ptr<upstream::Backend>> backends;
    for (const Bench& bench : assembly_.benches) backends.push_back(bench.backend);
    health_.watch(std::move(backends));
    std::vector<downstream::VideoPolls::Bench> makers;
    for (const Bench& bench : assembly_.benches) makers.push_back({bench.backend, bench.judge});
    video_polls_.watch(makers);
}

bool Gateway::ready() const { return !drain_; }

}  // namespace weir::app

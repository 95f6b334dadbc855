#pragma once
// The running gateway: workers, the control loop, and what holds them together from the first bind to the last byte.
//
// The control loop (the thread that calls run()) handles signals, the admin listener, health checks and reloads; each
// worker has a thread, a loop and listeners of its own.

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/server.hpp"
#include "downstream/shared/video_polls.hpp"
#include "downstream/worker.hpp"
#include "gateway/assembly.hpp"
#include "gateway/discovery.hpp"
#include "gateway/drain.hpp"
#include "gateway/job_watch.hpp"
#include "gateway/watchdog.hpp"
#include "net/dns.hpp"
#include "net/event_loop.hpp"
#include "net/socket.hpp"
#include "numbering/names.hpp"
#include "telemetry/operational_log.hpp"
#include "telemetry/telemetry.hpp"
#include "upstream/health.hpp"

namespace weir::gateway {

class Gateway {
public:
    // Binds every listener and creates the workers. An Error says what failed, and leaves nothing behind.
    // REQUIRES: `log` outlives the gateway.
    [[nodiscard]] static Result<std::unique_ptr<Gateway>> start(std::filesystem::path policy_file,
                                                                policy::Policy policy, telemetry::OperationalLog& log);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // `listener NAME ADDRESS ... admin ADDRESS`, with the ports that were actually bound.
    [[nodiscard]] const std::string& addresses() const { return addresses_; }

    // Serves until a signal ends it: SIGTERM and SIGINT drain, or end at once if already draining; SIGHUP reloads,
    // SIGUSR1 reopens the access log. `on_ready` is called once every thread is ready to serve.
    void run(const std::function<void()>& on_ready);

private:
    Gateway(std::filesystem::path policy_file, Assembly assembly, numbering::Names names, std::uint64_t salt,
            telemetry::OperationalLog& log);

    [[nodiscard]] Result<void> bind();
    void start_threads();
    void stop_threads();
    void watch_backends();
    void watch_signals();
    void reload();
    // Puts the endpoints in force that have been found since.
    void adopt_found();
    [[nodiscard]] Result<Assembly> load_again();
    [[nodiscard]] Result<Assembly> assemble_again(policy::Policy policy);
    [[nodiscard]] numbering::Uses counted_names();
    void put_in_force(Assembly assembly);
    void log_lowered_connections() const;
    [[nodiscard]] std::uint32_t worker_count() const;
    void begin_drain();
    void end_now();
    void finish();

    [[nodiscard]] std::vector<admin::Route> admin_routes();
    [[nodiscard]] telemetry::Scrape scrape();
    [[nodiscard]] telemetry::Labels labels() const;
    [[nodiscard]] std::string status_json();
    [[nodiscard]] std::string endpoints_json() const;
    // What operators set for single endpoints.
    [[nodiscard]] admin::Answer change_endpoint(const admin::Request& request);
    // Whether none of the endpoints of the backend of that name is available.
    [[nodiscard]] bool is_down(std::string_view backend) const;
    [[nodiscard]] bool ready() const;

    struct Signals;

    std::filesystem::path policy_file_;
    Assembly assembly_;
    numbering::Names names_;
    std::uint64_t salt_;
    downstream::ProcessState state_;
    std::unique_ptr<telemetry::Telemetry> telemetry_;
    net::EventLoop control_;
    net::Dns dns_;
    Discovery discovery_;
    upstream::HealthChecker health_;
    JobWatch job_watch_;
    downstream::VideoPolls video_polls_;
    std::vector<std::unique_ptr<downstream::Worker>> workers_;
    std::vector<std::thread> threads_;
    std::unique_ptr<admin::Server> admin_;
    std::unique_ptr<Signals> signals_;
    std::unique_ptr<Drain> drain_;
    TimePoint drain_began_{};
    std::unique_ptr<Watchdog> watchdog_;
    std::string addresses_;
    std::vector<net::SocketFile> sockets_;  // of unix listeners
    telemetry::OperationalLog& log_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    std::uint64_t reloads_succeeded_ = 0;
    std::uint64_t reloads_failed_ = 0;
    struct LastReload {
        std::optional<TimePoint> at;
        bool successful = true;
        std::string error;
    } last_reload_;
};

}  // namespace weir::gateway

// bench_loadgen: both ends of a proxy benchmark in one process; see --help.
//
// Clients and backend share one epoll loop, so that they fit on one core and the proxy on the other core is what
// saturates: then its own CPU time divided by the requests is its cost, whatever else runs on the machine.

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "backend.hpp"
#include "clients.hpp"
#include "options.hpp"

namespace weir::bench {
namespace {

// CPU time of all threads of these processes so far, as the scheduler counts it.
Nanoseconds cpu_time(const std::vector<int>& pids) {
    Nanoseconds sum = 0;
    for (const int pid : pids) {
        const auto tasks = std::filesystem::path("/proc") / std::to_string(pid) / "task";
        if (!std::filesystem::exists(tasks)) throw std::runtime_error("no process " + std::to_string(pid));
        for (const auto& task : std::filesystem::directory_iterator(tasks)) {
            Nanoseconds on_cpu = 0;
            std::ifstream(task.path() / "schedstat") >> on_cpu;
            sum += on_cpu;
        }
    }
    return sum;
}

void allow_descriptors(std::size_t connections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = 4 * connections + 64;  // client, backend, and as many again while they are replaced
    if (limit.rlim_max < wanted && limit.rlim_max < 2 * connections + 64)
        throw std::runtime_error("too few file descriptors: raise `ulimit -Hn` to " + std::to_string(wanted));
    limit.rlim_cur = std::min(std::max(limit.rlim_cur, wanted), limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20)
            out += c;
        else
            out += ' ';
    }
    return out + '"';
}

std::string micros(Nanoseconds ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", static_cast<double>(ns) / 1000);
    return text;
}

std::string quantiles(const Histogram& histogram) {
    return R"({"p50":)" + micros(histogram.quantile(0.5)) + R"(,"p99":)" + micros(histogram.quantile(0.99)) +
           R"(,"max":)" + micros(histogram.max()) + "}";
}

// One measurement: the loop, both ends, and the line with the result.
class Run {
public:
    explicit Run(Options options) : options_(std::move(options)) {
        allow_descriptors(options_.connections);
        if (options_.backend_listen) {
            BackendConfig config;
            config.listen = *options_.backend_listen;
            config.response_bytes = options_.response_bytes;
            config.stream = options_.mode == Mode::sse;
            config.stream_for = length(options_.seconds);
            config.event_every = static_cast<Nanoseconds>(options_.event_ms * static_cast<double>(kMillisecond));
            config.event_bytes = options_.event_bytes;
            backend_.emplace(loop_, config);
            std::cout << "backend " << to_string(backend_->address()) << std::endl;
        }
        target_ = options_.target ? *options_.target : backend_->address();
        if (options_.tls_trust) tls_.emplace(*options_.tls_trust);
    }

    // Returns the JSON line.
    std::string measure() {
        switch (options_.mode) {
            case Mode::get:
            case Mode::post: return closed_loop();
            case Mode::idle: return idle();
            case Mode::sse: return streams();
        }
        return {};
    }

private:
    static Nanoseconds length(double seconds) {
        return static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
    }

    [[nodiscard]] Demand demand() {
        return {target_, make_request(options_), options_.connections, tls_ ? &*tls_ : nullptr};
    }

    template <class While>
    void turn_while(const Clients& clients, While&& condition) {
        while (condition()) {
            loop_.turn(backend_ ? backend_->sleep(20) : 20);
            if (backend_) backend_->send_due();
            clients.check();
        }
    }

    std::string closed_loop() {
        ClosedLoop clients(loop_, demand());
        const Nanoseconds give_up = now() + length(options_.settle);
        const auto unsettled = [&] { return !clients.all_answered() && now() < give_up; };
        turn_while(clients, unsettled);
        clients.start();
        turn_while(clients, unsettled);
        const bool was_settled = clients.all_answered();
        const Nanoseconds start = now() + length(options_.warmup);
        turn_while(clients, [&] { return now() < start; });
        clients.measure();
        const auto errors_before = clients.errors();
        const auto bytes_before = clients.bytes();
        const Nanoseconds cpu_before = cpu_time(options_.watch);
        const Nanoseconds from = now();
        // Connections that began together are answered together: less than once round says nothing of the rate.
        const Nanoseconds end = from + length(options_.seconds);
        const Nanoseconds latest_end = end + length(options_.settle);
        turn_while(clients, [&] { return now() < end || (!clients.all_answered() && now() < latest_end); });
        const bool settled = was_settled && clients.all_answered();
        const double took = static_cast<double>(now() - from) / static_cast<double>(kSecond);
        const Nanoseconds cpu = cpu_time(options_.watch) - cpu_before;
        const auto requests = clients.latency().total();
        return start_line(clients, took) + R"(,"settled":)" + (settled ? "true" : "false") + R"(,"requests":)" +
               std::to_string(requests) + R"(,"rps":)" +
               std::to_string(std::lround(static_cast<double>(requests) / took)) + R"(,"latency_us":)" +
               quantiles(clients.latency()) + R"(,"bytes":)" + std::to_string(clients.bytes() - bytes_before) +
               R"(,"errors":)" + std::to_string(clients.errors() - errors_before) + R"(,"cpu_ns":)" +
               std::to_string(cpu) + "}";
    }

    std::string idle() {
        IdleHold clients(loop_, demand());
        const Nanoseconds give_up = now() + 60 * kSecond;
        turn_while(clients, [&] { return !clients.all_open() && clients.errors() == 0 && now() < give_up; });
        if (!clients.all_open())
            throw std::runtime_error("only " + std::to_string(clients.held()) +
                                     " connections could be opened: " + clients.first_error());
        std::cout << "holding " << clients.held() << std::endl;
        const Nanoseconds from = now();
        turn_while(clients, [&] { return now() < from + length(options_.seconds); });
        return start_line(clients, options_.seconds) + R"(,"held":)" + std::to_string(clients.held()) +
               R"(,"errors":)" + std::to_string(clients.errors()) + "}";
    }

    std::string streams() {
        EventStreams clients(loop_, demand());
        const Nanoseconds from = now();
        const Nanoseconds cpu_before = cpu_time(options_.watch);
        const Nanoseconds give_up = from + length(options_.seconds + 30);
        std::size_t most_open = 0;
        turn_while(clients, [&] {
            if (backend_) most_open = std::max(most_open, backend_->streams_open());
            return clients.running() > 0 && now() < from + length(options_.seconds / 2);
        });
        std::cout << "halfway " << clients.running() << std::endl;
        const Nanoseconds cancelled_at = now();
        clients.cancel(options_.cancel);
        turn_while(clients, [&] { return clients.running() > 0 && now() < give_up; });
        // The last cancellations may still be on their way to the backend.
        const Nanoseconds linger = now() + kSecond;
        turn_while(clients, [&] { return backend_ && backend_->streams_open() > 0 && now() < linger; });
        const double took = static_cast<double>(now() - from) / static_cast<double>(kSecond);
        const Nanoseconds cpu = cpu_time(options_.watch) - cpu_before;
        std::string line = start_line(clients, took) + R"(,"completed":)" + std::to_string(clients.completed()) +
                           R"(,"unfinished":)" + std::to_string(clients.running()) + R"(,"events":)" +
                           std::to_string(clients.events()) + R"(,"delay_us":)" + quantiles(clients.delay()) +
                           R"(,"errors":)" + std::to_string(clients.errors()) + R"(,"cpu_ns":)" + std::to_string(cpu);
        if (backend_) {
            line += R"(,"most_open":)" + std::to_string(most_open) + R"(,"left_open":)" +
                    std::to_string(backend_->streams_open());
            if (options_.cancel > 0) line += cancellation(cancelled_at);
        }
        return line + "}";
    }

    // How soon the backend was notified that clients had left.
    [[nodiscard]] std::string cancellation(Nanoseconds cancelled_at) const {
        const auto& seen = backend_->cancellations();
        const auto after = [&](std::size_t i) {
            return std::to_string(static_cast<double>(seen[i] - cancelled_at) / 1e6);
        };
        std::string out = R"(,"cancelled":)" + std::to_string(options_.cancel) + R"(,"cancellations_seen":)" +
                          std::to_string(seen.size());
        if (!seen.empty() && seen.front() >= cancelled_at)
            out += R"(,"cancelled_median_ms":)" + after(seen.size() / 2) + R"(,"cancelled_last_ms":)" +
                   after(seen.size() - 1);
        return out;
    }

    [[nodiscard]] std::string start_line(const Clients& clients, double took) const {
        const char* const modes[] = {"get", "post", "sse", "idle"};
        std::string line = R"({"mode":")" + std::string(modes[static_cast<int>(options_.mode)]) +
                           R"(","connections":)" + std::to_string(options_.connections) + R"(,"seconds":)" +
                           std::to_string(took) + R"(,"statuses":{)";
        const char* separator = "";
        for (const auto& [status, count] : clients.statuses()) {
            line += separator + json_string(std::to_string(status)) + ":" + std::to_string(count);
            separator = ",";
        }
        line += R"(},"first_error":)" + json_string(clients.first_error());
        return tls_ ? line + R"(,"tls":)" + tls_->report() : line;
    }

    Options options_;
    Loop loop_;
    std::optional<Backend> backend_;
    sockaddr_in target_{};
    std::optional<TlsClient> tls_;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
    std::optional<weir::bench::Options> options;
    try {
        options = weir::bench::parse_options(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "bench_loadgen: " << error.what() << '\n';
        return 2;
    }
    if (!options) {
        std::cout << weir::bench::help();
        return 0;
    }
    try {
        std::cout << weir::bench::Run(*options).measure() << std::endl;
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench_loadgen: " << error.what() << '\n';
        return 1;
    }
}

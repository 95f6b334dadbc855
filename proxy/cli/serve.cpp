// `weir serve`: the gateway itself.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "cli/verbs.hpp"
#include "gateway/gateway.hpp"
#include "telemetry/operational_log.hpp"
#include "trials/load_and_test.hpp"

namespace weir::cli {
namespace {

// Every connection is a descriptor, and the usual soft limit is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Ignores signals that would end the process in the middle of its answers for no good reason. SIGPIPE: a peer that has
// gone is an error code of the write (OpenSSL writes without MSG_NOSIGNAL). SIGXFSZ: so is a log that may grow no
// further. The others have a meaning for other servers. The gateway and the watchdog later handle theirs: SIGUSR1 and a
// real-time signal.
void ignore_signals() {
    for (const int signal :
         {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR}) {
        std::signal(signal, SIG_IGN);
    }
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) std::signal(signal, SIG_IGN);
}

int serve(const std::string& file) {
    raise_descriptor_limit();
    ignore_signals();
    policy::LoadedPolicy loaded = trials::load_and_test(file, {.served = true});
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return kErrors;
    telemetry::OperationalLog log(loaded.policy->logging.level);
    auto started = gateway::Gateway::start(file, std::move(*loaded.policy), log);
    if (!started) {
        std::cerr << "weir: " << started.error().message << "\n";
        return kErrors;
    }
    gateway::Gateway& gateway = **started;
    gateway.run([&] {
        std::cout << "ready: " << gateway.addresses() << std::endl;
        std::cout.clear();  // it serves whether or not that line is read
    });
    return kSuccess;
}

}  // namespace

void add_serve(CLI::App& app, int& code) {
    const auto file = std::make_shared<std::string>();
    CLI::App* verb = app.add_subcommand(
        "serve",
        "Serve a policy until SIGTERM or SIGINT (drains; a second one ends at once). SIGHUP reloads it, SIGUSR1 "
        "reopens its log.");
    verb->add_option("POLICY", *file, "the policy file")->required();
    verb->callback([file, &code] { code = serve(*file); });
}

}  // namespace weir::cli

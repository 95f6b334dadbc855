#include "app/commands.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "app/gateway.hpp"
#include "app/policy_tests.hpp"
#include "app/simulate_command.hpp"
#include "app/status.hpp"
#include "mock/command.hpp"
#include "policy/load.hpp"
#include "policy/schema.hpp"
#include "telemetry/operational_log.hpp"

namespace weir::app {
namespace {

constexpr int kGood = 0;
constexpr int kErrors = 1;
constexpr int kMisused = 2;

std::string render(const policy::LoadedPolicy& loaded, const std::string& format) {
    if (format == "json") return policy::to_json_lines(loaded.diagnostics);
    if (format == "github") return policy::to_github(loaded.diagnostics);
    return policy::to_text(loaded.diagnostics, loaded.sources);
}

int check(const std::vector<std::string>& files, const std::string& format) {
    int code = kGood;
    for (const std::string& file : files) {
        const policy::LoadedPolicy loaded = load_and_test(file, false);
        std::cout << render(loaded, format);
        const bool bad = !loaded.policy || policy::has_errors(loaded.diagnostics);
        if (bad) code = kErrors;
        if (format == "text" && !bad) {
            std::cout << file << ": ok, " << loaded.policy->classes.size() << " classes, "
                      << loaded.policy->backends.size() << " backends, " << loaded.policy->tests.size()
                      << " tests passed\n";
        }
    }
    return code;
}

// Every connection is a descriptor, and the usual soft limit is 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const std::string& file) {
    raise_descriptor_limit();
    // A peer that has gone is an error code of the write, not a signal; OpenSSL writes without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    policy::LoadedPolicy loaded = load_and_test(file, true);
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return kErrors;
    telemetry::OperationalLog log(loaded.policy->logging.level);
    auto gateway = Gateway::start(file, std::move(*loaded.policy), log);
    if (!gateway) {
        std::cerr << "weir: " << gateway.error().message << "\n";
        return kErrors;
    }
    std::cout << "ready: " << (*gateway)->addresses() << std::endl;
    (*gateway)->run();
    return kGood;
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app{
        "Weir: a load-shedding reverse proxy for AI backends.\n\n"
        "It decides per client class who passes now, who waits and who is refused, so that a surge on one\n"
        "channel is not noticed on the others.\n"};
    app.name("weir");
    app.require_subcommand(1);
    app.footer(
        "First steps:\n  weir check config/quickstart.yaml\n  weir mock-backend --listen 127.0.0.1:8000 &\n"
        "  weir serve config/quickstart.yaml\n\nExit codes: 0 good, 1 errors, 2 misused.");
    int code = kGood;

    std::string policy_file;
    CLI::App* serve_verb =
        app.add_subcommand("serve", "Serve a policy until SIGTERM (drains) or SIGINT; SIGHUP reloads it.");
    serve_verb->add_option("POLICY", policy_file, "the policy file")->required();
    serve_verb->callback([&] { code = serve(policy_file); });

    std::vector<std::string> files;
    std::string format = "text";
    CLI::App* check_verb = app.add_subcommand(
        "check", "Check policies and run the tests in them; every mistake is shown, not only the first.");
    check_verb->add_option("POLICY", files, "policy files")->required();
    check_verb->add_option("--format", format, "how to show diagnostics")
        ->check(CLI::IsMember({"text", "json", "github"}))
        ->capture_default_str();
    check_verb->callback([&] { code = check(files, format); });

    app.add_subcommand("schema", "Print the JSON Schema of the policy file, for editors.")->callback([] {
        std::cout << policy::json_schema();
    });

    std::string admin_address = "127.0.0.1:9901";
    CLI::App* status_verb =
        app.add_subcommand("status", "Ask a running Weir how it is doing. Exit code 1 when it is not ready.");
    status_verb->add_option("--admin", admin_address, "address of its admin listener: HOST:PORT or unix:/PATH")
        ->capture_default_str();
    status_verb->callback([&] { code = show_status(admin_address); });

    mock::add_mock_backend(app, code);
    add_simulate(app, code);

    app.add_subcommand("version", "Print the version.")->callback([] { std::cout << "weir " WEIR_VERSION "\n"; });

    // CLI11 would only say that a subcommand is required.
    const auto is_named = [&](const CLI::App* verb) { return verb->get_name() == argv[1]; };
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_named).empty()) {
        std::cerr << "weir: there is no verb '" << argv[1] << "'; see weir --help\n";
        return kMisused;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kGood : kMisused;
    }
    return code;
}

}  // namespace weir::app

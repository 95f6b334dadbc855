#include "app/commands.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>

#include "app/gateway.hpp"
#include "app/policy_tests.hpp"
#include "app/reload_command.hpp"
#include "app/simulate_command.hpp"
#include "app/status.hpp"
#include "lab/mock/command.hpp"
#include "policy/body_exits.hpp"
#include "policy/load.hpp"
#include "policy/schema.hpp"
#include "policy/yaml_tree.hpp"
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

struct CheckFlags {
    std::vector<std::string> files;
    std::string format = "text";
    bool strict = false;
    bool without_files = false;
};

std::string read_standard_input() {
    std::string text(policy::kMaxPolicyBytes + 1, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::cin.gcount()));
    return text;
}

int check(const CheckFlags& flags) {
    int code = kGood;
    for (const std::string& file : flags.files) {
        TestOptions options{.files = !flags.without_files};
        if (file == "-") options.text = read_standard_input();
        const policy::LoadedPolicy loaded = load_and_test(file, options);
        std::cout << render(loaded, flags.format);
        const bool bad = !loaded.policy || policy::has_errors(loaded.diagnostics);
        const bool doubtful = flags.strict && !loaded.diagnostics.empty();
        if (bad || doubtful) code = kErrors;
        if (flags.format != "text" || bad) continue;
        if (doubtful) {
            std::cout << loaded.file << ": not ok, as warnings are errors (--strict)\n";
        } else {
            std::cout << loaded.file << ": ok, " << loaded.policy->classes.size() << " classes, "
                      << loaded.policy->backends.size() << " backends, " << loaded.policy->tests.size()
                      << " tests passed\n";
            for (const policy::BodyExit& exit : policy::body_exits(*loaded.policy)) {
                std::cout << "  " << policy::to_text(exit) << "\n";
            }
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

// What would end the process in the middle of its answers for no good reason. SIGPIPE: a peer that has gone is an error
// code of the write (OpenSSL writes without MSG_NOSIGNAL). SIGXFSZ: so is a log that may grow no further. The others
// mean something to other servers. The gateway takes SIGUSR1 back when it can obey it, and the watchdog its own.
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
    policy::LoadedPolicy loaded = load_and_test(file, {.served = true});
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return kErrors;
    telemetry::OperationalLog log(loaded.policy->logging.level);
    auto gateway = Gateway::start(file, std::move(*loaded.policy), log);
    if (!gateway) {
        std::cerr << "weir: " << gateway.error().message << "\n";
        return kErrors;
    }
    (*gateway)->run([&] {
        std::cout << "ready: " << (*gateway)->addresses() << std::endl;
        std::cout.clear();  // it serves, whether that line is read or not
    });
    return kGood;
}

void add_check(CLI::App& app, int& code) {
    const auto flags = std::make_shared<CheckFlags>();
    CLI::App* verb = app.add_subcommand(
        "check", "Check policies and run the tests in them; every mistake is shown, not only the first.");
    verb->add_option("POLICY", flags->files, "policy files; - is the standard input")->required();
    verb->add_option("--format", flags->format, "how to show diagnostics")
        ->check(CLI::IsMember({"text", "json", "github"}))
        ->capture_default_str();
    verb->add_flag("--strict", flags->strict, "warnings are errors");
    verb->add_flag("--without-files", flags->without_files,
                   "leave out certificates, keys and folders, which only the serving machine has");
    verb->callback([flags, &code] { code = check(*flags); });
}

void add_reload(CLI::App& app, int& code) {
    struct Flags {
        std::string policy, admin;
        int pid = 0;
    };
    const auto flags = std::make_shared<Flags>();
    CLI::App* verb = app.add_subcommand(
        "reload",
        "Have a running Weir take its policy anew, and wait for the outcome. Exit code 1 when it is refused.");
    verb->add_option("POLICY", flags->policy, "the policy file that it serves")->required();
    verb->add_option("--pid", flags->pid, "its process id")->required();
    verb->add_option("--admin", flags->admin, "address of its admin listener; default: as the policy says");
    verb->callback([flags, &code] { code = reload_and_wait(flags->policy, flags->pid, flags->admin); });
}

void add_help(CLI::App& app, int& code) {
    const auto about = std::make_shared<std::string>();
    CLI::App* verb = app.add_subcommand("help", "Explain Weir, or one of its verbs.");
    verb->add_option("VERB", *about, "the verb");
    verb->callback([&app, &code, about] {
        const auto named = app.get_subcommands([&](const CLI::App* entry) { return entry->get_name() == *about; });
        if (about->empty()) {
            std::cout << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
        } else if (!named.empty()) {
            std::cout << named.front()->help(app.get_name());
        } else {
            std::cerr << "weir: there is no verb '" << *about << "'; see weir --help\n";
            code = kMisused;
        }
    });
}

// Text that did not get out is no success: a script would take half of it for the whole.
int after_writing(int code) {
    std::cout.flush();
    if (std::cout) return code;
    std::cerr << "weir: cannot write to the standard output: " << std::strerror(errno) << "\n";
    return kErrors;
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
        "  weir serve config/quickstart.yaml\n\nExit codes: 0 good, 1 errors, 2 misused, 3 not ready.");
    app.set_version_flag("--version", "weir " WEIR_VERSION);
    int code = kGood;

    std::string policy_file;
    CLI::App* serve_verb = app.add_subcommand(
        "serve",
        "Serve a policy until SIGTERM or SIGINT (drains; a second one ends at once). SIGHUP reloads it, SIGUSR1 opens "
        "its log anew.");
    serve_verb->add_option("POLICY", policy_file, "the policy file")->required();
    serve_verb->callback([&] { code = serve(policy_file); });

    add_check(app, code);
    add_reload(app, code);

    app.add_subcommand("schema", "Print the JSON Schema of the policy file, for editors.")->callback([] {
        std::cout << policy::json_schema();
    });

    std::string admin_address = "127.0.0.1:9901";
    CLI::App* status_verb = app.add_subcommand(
        "status", "Ask a running Weir how it is doing. Exit code 3 when it is not ready, 1 when none is there.");
    status_verb->add_option("--admin", admin_address, "address of its admin listener: HOST:PORT or unix:/PATH")
        ->capture_default_str();
    status_verb->callback([&] { code = show_status(admin_address); });

    mock::add_mock_backend(app, code);
    add_simulate(app, code);

    add_help(app, code);
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
        return app.exit(error) == 0 ? after_writing(kGood) : kMisused;
    }
    return after_writing(code);
}

}  // namespace weir::app

#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>

#include "cli/verbs.hpp"
#include "policy/show/schema.hpp"

namespace weir::cli {
namespace {

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
            code = kUsageError;
        }
    });
}

// A failed write is not a success: a script would take partial output for the whole.
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
        "It decides per client class which requests run now, which wait and which are refused, so that a surge\n"
        "on one channel does not affect the others.\n"};
    app.name("weir");
    app.require_subcommand(1);
    app.footer(
        "First steps:\n  weir check config/quickstart.yaml\n  weir mock-backend --listen 127.0.0.1:8000 &\n"
        "  weir serve config/quickstart.yaml\n\nExit codes: 0 success, 1 errors, 2 usage error, 3 not ready.");
    app.set_version_flag("--version", "weir " WEIR_VERSION);
    int code = kSuccess;

    add_serve(app, code);
    add_check(app, code);
    add_reload(app, code);
    app.add_subcommand("schema", "Print the JSON Schema of the policy file, for editors.")->callback([] {
        std::cout << policy::json_schema();
    });
    add_status(app, code);
    add_endpoint(app, code);
    add_mock_backend(app, code);
    add_simulate(app, code);
    add_help(app, code);
    app.add_subcommand("version", "Print the version.")->callback([] { std::cout << "weir " WEIR_VERSION "\n"; });

    // CLI11 would only say that a subcommand is required.
    const auto is_named = [&](const CLI::App* verb) { return verb->get_name() == argv[1]; };
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_named).empty()) {
        std::cerr << "weir: there is no verb '" << argv[1] << "'; see weir --help\n";
        return kUsageError;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? after_writing(kSuccess) : kUsageError;
    }
    return after_writing(code);
}

}  // namespace weir::cli

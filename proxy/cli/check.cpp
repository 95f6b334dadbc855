// `weir check`: finds a policy's mistakes before it serves.

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/verbs.hpp"
#include "policy/checks/body_exits.hpp"
#include "policy/yaml/tree.hpp"
#include "trials/load_and_test.hpp"

namespace weir::cli {
namespace {

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
    int code = kSuccess;
    for (const std::string& file : flags.files) {
        trials::TestOptions options{.files = !flags.without_files};
        if (file == "-") options.text = read_standard_input();
        const policy::LoadedPolicy loaded = trials::load_and_test(file, options);
        std::cout << render(loaded, flags.format);
        const bool bad = !loaded.policy || policy::has_errors(loaded.diagnostics);
        const bool doubtful = flags.strict && !loaded.diagnostics.empty();
        if (bad || doubtful) code = kErrors;
        if (flags.format != "text" || bad) continue;
        if (doubtful) {
            std::cout << loaded.file << ": not ok, because warnings are errors (--strict)\n";
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

}  // namespace

void add_check(CLI::App& app, int& code) {
    const auto flags = std::make_shared<CheckFlags>();
    CLI::App* verb = app.add_subcommand(
        "check", "Check policies and run the tests in them; every mistake is shown, not only the first.");
    verb->add_option("POLICY", flags->files, "policy files; - means standard input")->required();
    verb->add_option("--format", flags->format, "how to show diagnostics")
        ->check(CLI::IsMember({"text", "json", "github"}))
        ->capture_default_str();
    verb->add_flag("--strict", flags->strict, "warnings are errors");
    verb->add_flag("--without-files", flags->without_files,
                   "skip certificates, keys, folders and secrets, which only the serving machine has");
    verb->callback([flags, &code] { code = check(*flags); });
}

}  // namespace weir::cli

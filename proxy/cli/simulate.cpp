// `weir simulate`: a policy tried on traces, in virtual time.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/simulate_flags.hpp"
#include "cli/simulation_setup.hpp"
#include "cli/verbs.hpp"
#include "lab/simulate/report.hpp"
#include "policy/load.hpp"

namespace weir::cli {
namespace {

// A policy to try, ready for the simulator.
struct Candidate {
    std::string file;
    SimulationSetup setup;
};

// The traces as they are played: with the surge and without it.
struct TracePair {
    simulate::Trace trace;
    simulate::Trace calm;
    std::optional<simulate::Window> window;  // where they differ
};

// A bar on a terminal; nothing elsewhere.
simulate::Progress progress_of(const std::string& what) {
    if (isatty(STDERR_FILENO) == 0) return {};
    return [what](double share) {
        constexpr int kWidth = 30;
        const int full = static_cast<int>(share * kWidth);
        std::cerr << fmt::format("\r{:<20} [{:=<{}}{:{}}] {:3.0f} %", what, "", full, "", kWidth - full, 100 * share)
                  << std::flush;
    };
}

simulate::Run play(simulate::SimulationConfig config, const simulate::Trace& trace, const std::vector<ClassId>& classes,
                   const std::string& what) {
    const simulate::Progress progress = progress_of(what);
    simulate::Run run = simulate::Simulation(std::move(config), trace, classes).run(progress);
    if (progress) std::cerr << "\r\x1b[K";
    return run;
}

std::string describe(const SimulateFlags& flags, const SimulationSetup& setup, const simulate::Trace& trace) {
    std::string about = fmt::format("{}: {} requests in {:.0f} s from {}", flags.policy, trace.requests.size(),
                                    seconds(trace.requests.back().arrival), fmt::join(flags.traces, ", "));
    if (!flags.surges.empty()) about += fmt::format(", with {}", fmt::join(flags.surges, ", "));
    about += fmt::format(".\n{} endpoint{} of preset {}, clients {}, seed {}.", setup.endpoints.size(),
                         setup.endpoints.size() == 1 ? "" : "s", flags.preset,
                         flags.no_retries ? "that do not retry" : "that retry like the SDKs", flags.seed);
    return about;
}

// Prints what is wrong with it.
std::optional<Candidate> load(const std::string& file, const SimulateFlags& flags,
                              numbering::NameTable<ClassId>& classes) {
    policy::LoadedPolicy loaded = policy::load_policy(file);
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return std::nullopt;
    if (loaded.policy->mode == admission::Mode::shadow) {
        std::cerr << "weir: note: the policy is in shadow mode: it admits every request, and so does this simulation\n";
    }
    auto setup = make_setup(std::move(*loaded.policy), flags, classes);
    if (setup) return Candidate{file, std::move(*setup)};
    std::cerr << fmt::format("weir: {}: {}\n", file, setup.error().message);
    return std::nullopt;
}

Result<TracePair> read_trace_pair(const SimulationSetup& setup, const SimulateFlags& flags) {
    auto calm = read_traces(flags.baseline.empty() ? flags.traces : std::vector{flags.baseline}, flags.speed);
    if (!calm) return calm.error();
    auto trace = flags.baseline.empty() ? calm : read_traces(flags.traces, flags.speed);
    if (!trace) return trace.error();
    const auto classes = map_hints(*trace, setup, flags);
    if (!classes) return classes.error();
    for (simulate::Trace* played : {&*trace, &*calm}) {
        if (flags.prefix_hits > 0) simulate::share_prefixes(*played, flags.prefix_hits);
    }
    const auto calm_classes = map_hints(*calm, setup, flags);
    if (!calm_classes) return calm_classes.error();
    // Before the surge: a repetition is what it repeats.
    if (const auto error = add_streams(*calm, *calm_classes, setup, flags)) return *error;
    if (const auto error = add_streams(*trace, *classes, setup, flags)) return *error;
    if (const auto error = add_surges(*trace, *classes, setup, flags)) return *error;
    const auto window = simulate::difference(*trace, *calm);
    return TracePair{std::move(*trace), std::move(*calm), window};
}

void widen(std::optional<simulate::Window>& window, const simulate::Window& by) {
    window = window ? simulate::Window{std::min(window->from, by.from), std::max(window->to, by.to)} : by;
}

// What happens in the window.
std::string trouble_of(const TracePair& traces, const simulate::SimulationConfig& config) {
    std::vector<std::string_view> troubles;
    if (traces.window) troubles.emplace_back("in the surge");
    if (!config.losses.empty()) troubles.emplace_back("while an endpoint was lost");
    if (!config.slowdowns.empty()) troubles.emplace_back("while the engines were slow");
    return fmt::format("{}", fmt::join(troubles, " or "));
}

std::optional<Error> run_policy(const Candidate& candidate, const TracePair& traces, const SimulateFlags& flags,
                                simulate::Report& report) {
    const auto classes = map_hints(traces.trace, candidate.setup, flags);
    if (!classes) return classes.error();
    const auto calm_classes = map_hints(traces.calm, candidate.setup, flags);
    if (!calm_classes) return calm_classes.error();
    auto config = make_config(candidate.setup, flags);
    if (!config) return config.error();
    config->window = traces.window;
    for (const auto& loss : config->losses) widen(config->window, loss.window);
    for (const auto& slowdown : config->slowdowns) widen(config->window, slowdown.window);
    report.window = config->window;
    report.trouble = trouble_of(traces, *config);
    simulate::SimulationConfig calm = *config;
    calm.losses.clear();
    calm.slowdowns.clear();
    std::vector<std::string> controllers{flags.controller};
    for (const std::string& list : flags.compare) {
        for (const std::string& name : listed_controllers(list)) {
            if (std::find(controllers.begin(), controllers.end(), name) == controllers.end())
                controllers.push_back(name);
        }
    }
    const auto play_both = [&](const std::string& controller, const std::string& name) {
        config->controller = calm.controller = controller;
        simulate::Scenario scenario{name, play(*config, traces.trace, *classes, name), std::nullopt, candidate.file};
        if (config->window) scenario.calm = play(calm, traces.calm, *calm_classes, name + ", calm");
        report.scenarios.push_back(std::move(scenario));
    };
    const bool degrades = !config->degrade.empty();
    for (const std::string& controller : controllers) {
        // The rules are Weir's: others are what they are without.
        if (controller != "weir") config->degrade.clear();
        play_both(controller, controller);
        calm.degrade = config->degrade = candidate.setup.degrade;
    }
    // What the rules buy shows beside the same policy without them.
    calm.degrade.clear();
    config->degrade.clear();
    if (degrades) play_both("weir", std::string(simulate::kWithoutDegrade));
    return std::nullopt;
}

// The slo of each class, of the first policy that knows it.
std::vector<std::optional<Duration>> slos_of(const std::vector<Candidate>& candidates, std::size_t classes) {
    std::vector<std::optional<Duration>> slos(classes);
    for (const Candidate& candidate : candidates) {
        for (const auto& backend : candidate.setup.backends) {
            for (const auto& cls : backend.classes) {
                auto& slo = slos[index(cls.id)];
                if (!slo && cls.config.slo) slo = cls.config.slo->first_token;
            }
        }
    }
    return slos;
}

Result<simulate::Report> run_all(const std::vector<Candidate>& candidates, const SimulateFlags& flags) {
    const SimulationSetup& first = candidates.front().setup;
    const auto traces = read_trace_pair(first, flags);
    if (!traces) return traces.error();
    simulate::Report report;
    report.about = describe(flags, first, traces->trace);
    report.first_tokens = flags.first_tokens;
    report.classes = candidates.back().setup.names;
    report.slos = slos_of(candidates, report.classes.size());
    for (const Candidate& candidate : candidates) {
        if (auto error = run_policy(candidate, *traces, flags, report))
            return Error{fmt::format("{}: {}", candidate.file, error->message)};
    }
    // A run knows the classes of its policy; the tables have all.
    for (simulate::Scenario& scenario : report.scenarios) {
        for (simulate::Run* run : {&scenario.run, scenario.calm ? &*scenario.calm : nullptr}) {
            if (run == nullptr) continue;
            run->classes.resize(report.classes.size());
            if (run->timeline) run->timeline->pad(report.classes.size());
        }
    }
    return report;
}

int fail(const std::string& message) {
    std::cerr << "weir: " << message << "\n";
    return 1;
}

int simulate_policies(const SimulateFlags& flags, const std::string& command) {
    auto classes = numbering::Names().classes;
    std::vector<Candidate> candidates;
    std::vector<std::string> files{flags.policy};
    files.insert(files.end(), flags.policies.begin(), flags.policies.end());
    for (const std::string& file : files) {
        auto candidate = load(file, flags, classes);
        if (!candidate) return 1;
        candidates.push_back(std::move(*candidate));
    }
    auto report = run_all(candidates, flags);
    if (!report) return fail(report.error().message);
    report->command = command;
    std::cout << (flags.format == "json" ? simulate::to_json(*report) : simulate::to_text(*report));
    if (flags.report.empty()) return 0;
    std::ofstream page(flags.report);
    page << simulate::to_page(*report);
    page.close();
    return page ? 0 : fail(fmt::format("{}: cannot be written", flags.report));
}

}  // namespace

void add_simulate(CLI::App& app, int& code) {
    const auto flags = std::make_shared<SimulateFlags>();
    CLI::App* verb = app.add_subcommand(
        "simulate",
        "Try a policy on traces, in virtual time: the code that serves decides, before a model of an engine.");
    add_simulate_flags(*verb, *flags);
    verb->footer(
        "A trace of your own making, and what a surge of its bulk class does to the others:\n"
        "  bench/make_trace --capacity 29 > day.csv\n"
        "  weir simulate config/quickstart.yaml day.csv --surge siri-bulk=100x@60s+60s --compare none\n\n"
        "Exit codes: 0 good, 1 errors in the policy or a trace, 2 misused.");
    verb->callback([flags, verb, &code] { code = simulate_policies(*flags, command_of(*verb)); });
}

}  // namespace weir::cli

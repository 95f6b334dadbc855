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
#include "cli/simulate_stage.hpp"
#include "cli/verbs.hpp"
#include "lab/simulate/report.hpp"
#include "policy/load.hpp"

namespace weir::cli {
namespace {

// A policy, put on stage.
struct Cast {
    std::string file;
    Stage stage;
};

// The traces as they are played: with the surge, and without.
struct Plot {
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

simulate::Run play(simulate::WorldConfig world, const simulate::Trace& trace, const std::vector<ClassId>& classes,
                   const std::string& what) {
    const simulate::Progress progress = progress_of(what);
    simulate::Run run = simulate::World(std::move(world), trace, classes).run(progress);
    if (progress) std::cerr << "\r\x1b[K";
    return run;
}

std::string describe(const SimulateFlags& flags, const Stage& stage, const simulate::Trace& trace) {
    std::string about = fmt::format("{}: {} requests in {:.0f} s from {}", flags.policy, trace.requests.size(),
                                    seconds(trace.requests.back().arrival), fmt::join(flags.traces, ", "));
    if (!flags.surges.empty()) about += fmt::format(", with {}", fmt::join(flags.surges, ", "));
    about += fmt::format(".\n{} endpoint{} of preset {}, clients {}, seed {}.", stage.endpoints.size(),
                         stage.endpoints.size() == 1 ? "" : "s", flags.preset,
                         flags.no_retries ? "that do not retry" : "that retry like the SDKs", flags.seed);
    return about;
}

// Prints what is wrong with it.
std::optional<Cast> load(const std::string& file, const SimulateFlags& flags, numbering::NameTable<ClassId>& classes) {
    policy::LoadedPolicy loaded = policy::load_policy(file);
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return std::nullopt;
    if (loaded.policy->mode == admission::Mode::shadow) {
        std::cerr << "weir: note: the policy is in shadow: it lets everybody through, and so does this simulation\n";
    }
    auto stage = make_stage(std::move(*loaded.policy), flags, classes);
    if (stage) return Cast{file, std::move(*stage)};
    std::cerr << fmt::format("weir: {}: {}\n", file, stage.error().message);
    return std::nullopt;
}

Result<Plot> read_plot(const Stage& stage, const SimulateFlags& flags) {
    auto calm = read_traces(flags.baseline.empty() ? flags.traces : std::vector{flags.baseline}, flags.speed);
    if (!calm) return calm.error();
    auto trace = flags.baseline.empty() ? calm : read_traces(flags.traces, flags.speed);
    if (!trace) return trace.error();
    const auto classes = map_hints(*trace, stage, flags);
    if (!classes) return classes.error();
    if (const auto error = add_surges(*trace, *classes, stage, flags)) return *error;
    const auto window = simulate::difference(*trace, *calm);
    return Plot{std::move(*trace), std::move(*calm), window};
}

void widen(std::optional<simulate::Window>& window, const simulate::Window& by) {
    window = window ? simulate::Window{std::min(window->from, by.from), std::max(window->to, by.to)} : by;
}

// What happens in the window.
std::string trouble_of(const Plot& plot, const simulate::WorldConfig& world) {
    std::vector<std::string_view> troubles;
    if (plot.window) troubles.emplace_back("in the surge");
    if (!world.losses.empty()) troubles.emplace_back("while an endpoint was lost");
    if (!world.slowdowns.empty()) troubles.emplace_back("while the engines were slow");
    return fmt::format("{}", fmt::join(troubles, " or "));
}

std::optional<Error> run_policy(const Cast& cast, const Plot& plot, const SimulateFlags& flags,
                                simulate::Report& report) {
    const auto classes = map_hints(plot.trace, cast.stage, flags);
    if (!classes) return classes.error();
    const auto calm_classes = map_hints(plot.calm, cast.stage, flags);
    if (!calm_classes) return calm_classes.error();
    auto world = make_world(cast.stage, flags);
    if (!world) return world.error();
    world->window = plot.window;
    for (const auto& loss : world->losses) widen(world->window, loss.window);
    for (const auto& slowdown : world->slowdowns) widen(world->window, slowdown.window);
    report.window = world->window;
    report.trouble = trouble_of(plot, *world);
    simulate::WorldConfig calm = *world;
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
        world->controller = calm.controller = controller;
        simulate::Scenario scenario{name, play(*world, plot.trace, *classes, name), std::nullopt, cast.file};
        if (world->window) scenario.calm = play(calm, plot.calm, *calm_classes, name + ", calm");
        report.scenarios.push_back(std::move(scenario));
    };
    const bool degrades = !world->degrade.empty();
    for (const std::string& controller : controllers) {
        // The rules are Weir's: others are what they are without.
        if (controller != "weir") world->degrade.clear();
        play_both(controller, controller);
        calm.degrade = world->degrade = cast.stage.degrade;
    }
    // What the rules buy shows beside the same policy without them.
    calm.degrade.clear();
    world->degrade.clear();
    if (degrades) play_both("weir", std::string(simulate::kWithoutDegrade));
    return std::nullopt;
}

// The slo of each class, of the first policy that knows it.
std::vector<std::optional<Duration>> slos_of(const std::vector<Cast>& casts, std::size_t classes) {
    std::vector<std::optional<Duration>> slos(classes);
    for (const Cast& cast : casts) {
        for (const auto& backend : cast.stage.backends) {
            for (const auto& cls : backend.classes) {
                auto& slo = slos[index(cls.id)];
                if (!slo && cls.config.slo) slo = cls.config.slo->first_token;
            }
        }
    }
    return slos;
}

Result<simulate::Report> run_all(const std::vector<Cast>& casts, const SimulateFlags& flags) {
    const Stage& first = casts.front().stage;
    const auto plot = read_plot(first, flags);
    if (!plot) return plot.error();
    simulate::Report report;
    report.about = describe(flags, first, plot->trace);
    report.classes = casts.back().stage.names;
    report.slos = slos_of(casts, report.classes.size());
    for (const Cast& cast : casts) {
        if (auto error = run_policy(cast, *plot, flags, report))
            return Error{fmt::format("{}: {}", cast.file, error->message)};
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
    std::vector<Cast> casts;
    std::vector<std::string> files{flags.policy};
    files.insert(files.end(), flags.policies.begin(), flags.policies.end());
    for (const std::string& file : files) {
        auto cast = load(file, flags, classes);
        if (!cast) return 1;
        casts.push_back(std::move(*cast));
    }
    auto report = run_all(casts, flags);
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

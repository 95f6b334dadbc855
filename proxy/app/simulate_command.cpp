#include "app/simulate_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "app/assembly.hpp"
#include "policy/load.hpp"
#include "policy/suggest.hpp"
#include "simulate/report.hpp"
#include "simulate/world.hpp"

namespace weir::app {
namespace {

struct Flags {
    std::string policy;
    std::vector<std::string> traces;
    std::string baseline;
    std::vector<std::string> surges;
    std::vector<std::string> hints;  // HINT=CLASS
    std::vector<std::string> compare;
    std::string controller = "weir";
    std::string preset = "small-gpu";
    std::string queue = "fcfs";
    std::vector<std::string> losses;
    std::vector<std::string> slowdowns;
    std::string format = "text";
    std::uint32_t endpoints = 0;  // 0: the policy's
    std::uint64_t seed = 1;
    double speed = 1;
    double give_up = 30;  // seconds
    bool no_retries = false;
};

// The policy's part of a world, with numbers for its names.
struct Stage {
    std::vector<admission::JudgeConfig> backends;
    std::vector<std::string> classes;    // by ClassId
    std::vector<std::string> endpoints;  // by EndpointId: urls
};

Result<Stage> make_stage(policy::Policy& policy, std::uint32_t endpoints) {
    if (policy.mode == admission::Mode::shadow) {
        std::cerr << "weir: note: the policy is in shadow: it lets everybody through, and so does this simulation\n";
    }
    Stage stage;
    Names names;
    // Classes are numbered in the policy's order, which is the order of the report.
    for (const auto& cls : policy.classes) {
        if (!names.classes.id_of(cls.name)) return Error{"more classes than there can be"};
    }
    for (upstream::BackendConfig& backend : policy.backends) {
        for (std::uint32_t i = 0; i < endpoints; ++i) {
            if (i == 0) backend.endpoints.resize(1);
            if (i > 0) backend.endpoints.push_back(backend.endpoints.front());
        }
        for (std::size_t i = 1; endpoints > 0 && i < backend.endpoints.size(); ++i) {
            backend.endpoints[i].url += fmt::format("#{}", i + 1);
        }
        for (const auto& endpoint : backend.endpoints) stage.endpoints.push_back(endpoint.url);
        auto config = judge_config(policy, backend, names);
        if (!config) return config.error();
        stage.backends.push_back(std::move(*config));
    }
    stage.classes = names.classes.names();
    return stage;
}

std::string listed(const std::vector<std::string>& words) { return fmt::format("'{}'", fmt::join(words, "', '")); }

std::optional<ClassId> class_named(const Stage& stage, std::string_view name) {
    const auto found = std::find(stage.classes.begin(), stage.classes.end(), name);
    if (found == stage.classes.end()) return std::nullopt;
    return static_cast<ClassId>(found - stage.classes.begin());
}

Error unknown_class(const Stage& stage, std::string_view what, const std::string& name) {
    const std::string near = policy::closest(name, std::span(stage.classes));
    return Error{fmt::format("{} '{}': the policy's classes are {}{}", what, name, listed(stage.classes),
                             near.empty() ? "" : fmt::format("; did you mean '{}'?", near))};
}

// What the trace's class hints mean in the policy: a class of that name, or what --class says.
Result<std::vector<ClassId>> map_hints(const simulate::Trace& trace, const Stage& stage, const Flags& flags) {
    std::vector<std::pair<std::string, std::string>> given;
    for (const std::string& entry : flags.hints) {
        const std::size_t equals = entry.find('=');
        if (equals == std::string::npos) return Error{fmt::format("--class '{}' is not HINT=CLASS", entry)};
        given.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
        if (!class_named(stage, given.back().second)) return unknown_class(stage, "--class", given.back().second);
        if (std::find(trace.hints.begin(), trace.hints.end(), given.back().first) == trace.hints.end()) {
            return Error{fmt::format("--class '{}': the trace's classes are {}", entry, listed(trace.hints))};
        }
    }
    std::vector<ClassId> classes;
    for (const std::string& hint : trace.hints) {
        const auto told =
            std::find_if(given.begin(), given.end(), [&](const auto& entry) { return entry.first == hint; });
        const auto cls = class_named(stage, told == given.end() ? hint : told->second);
        if (!cls) {
            Error error = unknown_class(stage, "the trace has the class", hint);
            const std::string near = policy::closest(hint, std::span(stage.classes));
            error.message += fmt::format("; the trace's are {}; say which is which with --class {}={}",
                                         listed(trace.hints), hint, near.empty() ? stage.classes.front() : near);
            return error;
        }
        classes.push_back(*cls);
    }
    return classes;
}

Result<simulate::Trace> read_traces(const std::vector<std::string>& files, double speed) {
    simulate::TraceReader reader;
    for (const std::string& file : files) {
        if (auto error = reader.read_file(file)) return *error;
    }
    simulate::Trace trace = reader.take();
    if (trace.requests.empty()) return Error{fmt::format("{}: no requests", fmt::join(files, ", "))};
    simulate::speed_up(trace, speed);
    return trace;
}

// Surges by the trace's word for a class, or by the policy's.
std::optional<Error> add_surges(simulate::Trace& trace, const std::vector<ClassId>& classes, const Stage& stage,
                                const Flags& flags) {
    for (const std::string& text : flags.surges) {
        auto surge = simulate::parse_surge(text);
        if (!surge) return Error{fmt::format("--surge '{}': write CLASS=10x@120s+60s", text)};
        const auto cls = class_named(stage, surge->hint);
        std::size_t count = 0;
        const std::string name = surge->hint;
        for (std::size_t i = 0; i < trace.hints.size(); ++i) {
            if (trace.hints[i] != name && !(cls && classes[i] == *cls)) continue;
            surge->hint = trace.hints[i];
            count += simulate::apply_surge(trace, *surge, flags.seed);
        }
        if (count == 0 && surge->factor > 0) {
            return Error{fmt::format("--surge '{}': the trace has no request of '{}' then; its classes are {}", text,
                                     name, listed(trace.hints))};
        }
    }
    return std::nullopt;
}

Result<simulate::WorldConfig> make_world(const Stage& stage, const Flags& flags) {
    simulate::WorldConfig world;
    world.backends = stage.backends;
    world.engine = *simulate::engine_preset(flags.preset);
    if (flags.queue == "priority") world.engine.order = simulate::QueueOrder::priority;
    world.retries = !flags.no_retries;
    world.give_up = from_seconds(flags.give_up);
    world.seed = flags.seed;
    for (const std::string& text : flags.losses) {
        const auto timed = simulate::parse_timed(text);
        if (!timed) return Error{fmt::format("--lose '{}': write ENDPOINT@60s+30s", text)};
        std::size_t place = 0;
        for (std::size_t i = 0; i < stage.endpoints.size(); ++i) {
            if (timed->what == stage.endpoints[i] || timed->what == std::to_string(i + 1)) place = i + 1;
        }
        if (place == 0) {
            return Error{fmt::format("--lose '{}': there is no such endpoint; say a number from 1 to {}, or one of {}",
                                     text, stage.endpoints.size(), listed(stage.endpoints))};
        }
        world.losses.push_back({static_cast<EndpointId>(place - 1), timed->window});
    }
    for (const std::string& text : flags.slowdowns) {
        const auto timed = simulate::parse_timed(text);
        double factor = 0;
        if (!timed || !CLI::detail::lexical_cast(timed->what, factor) || !(factor >= 0.001 && factor <= 1000)) {
            return Error{fmt::format("--slow '{}': write 0.5@60s+30s, half the speed from 60 s on for 30 s", text)};
        }
        world.slowdowns.push_back({factor, timed->window});
    }
    return world;
}

// `a,b:x=1,y=2,c` -> a | b:x=1,y=2 | c: a setting belongs to the rule before it.
std::vector<std::string> listed_controllers(std::string_view text) {
    std::vector<std::string> controllers;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        const bool is_setting = word.find('=') < word.find(':');
        if (is_setting && !controllers.empty()) {
            controllers.back() += fmt::format(",{}", word);
        } else {
            controllers.emplace_back(word);
        }
    }
    return controllers;
}

// What is wrong with the first of them that is; empty when none is.
std::string wrong_among(const std::vector<std::string>& controllers) {
    for (const std::string& words : controllers) {
        if (const auto error = simulate::check_controller(words)) return error->message;
    }
    return {};
}

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

std::string describe(const Flags& flags, const Stage& stage, const simulate::Trace& trace) {
    std::string about = fmt::format("{}: {} requests in {:.0f} s from {}", flags.policy, trace.requests.size(),
                                    seconds(trace.requests.back().arrival), fmt::join(flags.traces, ", "));
    if (!flags.surges.empty()) about += fmt::format(", with {}", fmt::join(flags.surges, ", "));
    about += fmt::format(".\n{} endpoint{} of preset {}, clients {}, seed {}.", stage.endpoints.size(),
                         stage.endpoints.size() == 1 ? "" : "s", flags.preset,
                         flags.no_retries ? "that do not retry" : "that retry like the SDKs", flags.seed);
    return about;
}

Result<simulate::Report> run_all(const Flags& flags, policy::Policy& policy) {
    auto stage = make_stage(policy, flags.endpoints);
    if (!stage) return stage.error();
    auto calm = read_traces(flags.baseline.empty() ? flags.traces : std::vector{flags.baseline}, flags.speed);
    if (!calm) return calm.error();
    const auto calm_classes = map_hints(*calm, *stage, flags);
    if (!calm_classes) return calm_classes.error();
    auto trace = flags.baseline.empty() ? calm : read_traces(flags.traces, flags.speed);
    if (!trace) return trace.error();
    const auto classes = map_hints(*trace, *stage, flags);
    if (!classes) return classes.error();
    if (const auto error = add_surges(*trace, *classes, *stage, flags)) return *error;
    auto world = make_world(*stage, flags);
    if (!world) return world.error();
    world->window = simulate::difference(*trace, *calm);

    simulate::Report report{describe(flags, *stage, *trace), stage->classes, world->window, {}};
    std::vector<std::string> controllers{flags.controller};
    for (const std::string& list : flags.compare) {
        for (const std::string& name : listed_controllers(list)) {
            if (std::find(controllers.begin(), controllers.end(), name) == controllers.end())
                controllers.push_back(name);
        }
    }
    for (const std::string& controller : controllers) {
        world->controller = controller;
        simulate::Scenario scenario{controller, play(*world, *trace, *classes, controller), std::nullopt};
        if (world->window) scenario.calm = play(*world, *calm, *calm_classes, controller + ", no surge");
        report.scenarios.push_back(std::move(scenario));
    }
    return report;
}

int simulate_policy(const Flags& flags) {
    policy::LoadedPolicy loaded = policy::load_policy(flags.policy);
    std::cerr << policy::to_text(loaded.diagnostics, loaded.sources);
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) return 1;
    auto report = run_all(flags, *loaded.policy);
    if (!report) {
        std::cerr << "weir: " << report.error().message << "\n";
        return 1;
    }
    std::cout << (flags.format == "json" ? simulate::to_json(*report) : simulate::to_text(*report));
    return 0;
}

void add_options(CLI::App& verb, Flags& flags) {
    const auto words = [](std::span<const std::string_view> names) {
        return std::vector<std::string>(names.begin(), names.end());
    };
    verb.add_option("POLICY", flags.policy, "the policy file")->required();
    verb.add_option("TRACE", flags.traces,
                    "CSV (arrival_s,prompt_tokens,output_tokens,class[,client]) or Mooncake JSONL; "
                    "several are merged")
        ->required();
    // Each takes one value a time it is named: the word after it may be a trace.
    verb.add_option("--surge", flags.surges,
                    "CLASS=10x@120s+60s: ten times the class's arrivals from 120 s on for 60 s")
        ->allow_extra_args(false);
    verb.add_option("--baseline", flags.baseline,
                    "the same trace without its surge, to compare with; with --surge it is made");
    verb.add_option("--class", flags.hints, "HINT=CLASS: what the trace calls HINT is the policy's CLASS")
        ->allow_extra_args(false);
    verb.add_option("--compare", flags.compare,
                    fmt::format("also decide by these rules: {}", fmt::join(simulate::controller_names(), ",")))
        ->allow_extra_args(false)
        ->check([](const std::string& text) { return wrong_among(listed_controllers(text)); });
    verb.add_option("--controller", flags.controller,
                    "who decides; a rule may be given settings, as in haproxy:timeout=5,slots=0.9")
        ->check([](const std::string& text) { return wrong_among({text}); })
        ->capture_default_str();
    verb.add_option("--preset", flags.preset, "the engine behind each endpoint")
        ->check(CLI::IsMember(words(simulate::engine_preset_names())))
        ->capture_default_str();
    verb.add_option("--queue", flags.queue, "order of the engine's own queue: by arrival, or by the class's priority")
        ->check(CLI::IsMember({"fcfs", "priority"}))
        ->capture_default_str();
    verb.add_option("--endpoints", flags.endpoints, "give each backend N like its first; default: the policy's")
        ->check(CLI::Range(1, 256));
    verb.add_option("--lose", flags.losses, "ENDPOINT@60s+30s: it is gone from 60 s on for 30 s; by url or number")
        ->allow_extra_args(false);
    verb.add_option("--slow", flags.slowdowns, "0.5@60s+30s: all engines at half their speed for that time")
        ->allow_extra_args(false);
    verb.add_option("--speed", flags.speed, "play the trace this many times as fast")
        ->check(CLI::Range(0.001, 100'000.0))
        ->capture_default_str();
    verb.add_flag("--no-retries", flags.no_retries, "clients that are refused do not ask again, as SDKs do twice");
    verb.add_option("--give-up", flags.give_up, "seconds a client waits for a first token before it leaves for good")
        ->check(CLI::Range(0.1, 86'400.0))
        ->capture_default_str();
    verb.add_option("--seed", flags.seed, "of every random choice: the same seed, the same output")
        ->capture_default_str();
    verb.add_option("--format", flags.format, "how to show the result")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

}  // namespace

void add_simulate(CLI::App& app, int& code) {
    const auto flags = std::make_shared<Flags>();
    CLI::App* verb = app.add_subcommand(
        "simulate",
        "Try a policy on traces, in virtual time: the code that serves decides, before a model of an engine.");
    add_options(*verb, *flags);
    verb->footer(
        "A trace of your own making, and what a surge of its bulk class does to the others:\n"
        "  bench/make_trace --capacity 29 > day.csv\n"
        "  weir simulate config/quickstart.yaml day.csv --surge siri-bulk=100x@60s+60s --compare none\n\n"
        "Exit codes: 0 good, 1 errors in the policy or a trace, 2 misused.");
    verb->callback([flags, &code] { code = simulate_policy(*flags); });
}

}  // namespace weir::app

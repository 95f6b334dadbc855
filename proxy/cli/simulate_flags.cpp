#include "cli/simulate_flags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "admission/law.hpp"
#include "lab/simulate/config.hpp"
#include "lab/simulate/controllers.hpp"

namespace weir::cli {
namespace {

// The first error among them; empty when there is none.
std::string wrong_among(const std::vector<std::string>& controllers) {
    for (const std::string& words : controllers) {
        if (const auto error = simulate::check_controller(words)) return error->message;
    }
    return {};
}

// A word quoted for a shell.
std::string shell_word(const std::string& word) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@+%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

std::vector<std::string> words(std::span<const std::string_view> names) { return {names.begin(), names.end()}; }

// What is played.
void add_input_flags(CLI::App& verb, SimulateFlags& flags) {
    verb.add_option("POLICY", flags.policy, "the policy file")->required();
    verb.add_option("TRACE", flags.traces,
                    "CSV (arrival_s,prompt_tokens,output_tokens,class[,client]) or Mooncake JSONL; "
                    "several are merged")
        ->required();
    verb.add_option("--policy", flags.policies, "another policy to compare with, on the same traces; may be repeated")
        ->allow_extra_args(false);
    // Each takes one value a time it is named: the word after it may be a trace.
    verb.add_option("--surge", flags.surges,
                    "CLASS=10x@120s+60s: ten times the class's arrivals from 120 s on for 60 s")
        ->allow_extra_args(false);
    verb.add_flag("--same-clients", flags.same_clients,
                  "in a --surge the class's clients ask more often; otherwise there are more of them");
    verb.add_option("--baseline", flags.baseline,
                    "the same trace without its surge, to compare with; --surge makes it by itself");
    verb.add_option("--class", flags.hints, "HINT=CLASS: the trace's HINT is the policy's CLASS")
        ->allow_extra_args(false);
}

// Who decides.
void add_rule_flags(CLI::App& verb, SimulateFlags& flags) {
    verb.add_option("--compare", flags.compare,
                    fmt::format("also decide by these rules: {}", fmt::join(simulate::controller_names(), ",")))
        ->allow_extra_args(false)
        ->check([](const std::string& text) { return wrong_among(listed_controllers(text)); });
    verb.add_option("--controller", flags.controller,
                    "the rule that decides; it may have settings, as in haproxy:timeout=5,slots=0.9")
        ->check([](const std::string& text) { return wrong_among({text}); })
        ->capture_default_str();
}

// What is behind the endpoints, and what befalls it.
void add_engine_flags(CLI::App& verb, SimulateFlags& flags) {
    verb.add_option("--preset", flags.preset, "the engine behind each endpoint")
        ->check(CLI::IsMember(words(simulate::engine_preset_names())))
        ->capture_default_str();
    verb.add_option(
        "--engine", flags.engine,
        "parts of the preset to change: max_num_seqs=128,kv_tokens=200000,per_prompt_token=40us; steps vary by "
        "step_noise=0.2, and stall_every=20s makes them stall");
    verb.add_option("--queue", flags.queue,
                    "order of the engine's own queue: by arrival (fcfs), or by the class's priority; default: priority "
                    "where the policy passes priorities to the engine")
        ->check(CLI::IsMember({"fcfs", "priority"}));
    verb.add_option("--without", flags.without,
                    fmt::format("remove a part of the judge's law, to see what it is for: {}",
                                fmt::join(admission::kPartNames, ", ")))
        ->allow_extra_args(false)
        ->delimiter(',')
        ->check(CLI::IsMember(words(admission::kPartNames)));
    verb.add_option("--told", flags.told,
                    "requests=2,context_tokens=0.5: the policy's limits are these multiples of what the engines can");
    verb.add_option("--estimate-error", flags.estimate_error,
                    "how wrong Weir's estimates of prompts are: sigma of a log-normal distribution")
        ->check(CLI::Range(0.0, 3.0))
        ->capture_default_str();
    verb.add_option(
            "--gauge-age", flags.gauge_age,
            "seconds between two readings of the engines' gauges, for rules that look at them; 0: always as of now")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    verb.add_option("--gauge-noise", flags.gauge_noise, "how inexact they are: sigma of a log-normal distribution")
        ->check(CLI::Range(0.0, 3.0))
        ->capture_default_str();
    verb.add_option("--prefix-hits", flags.prefix_hits,
                    "share of each prompt that all requests of its class begin with, and engines keep")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    verb.add_option("--endpoints", flags.endpoints,
                    "give each backend N endpoints like its first; default: the policy's")
        ->check(CLI::Range(1, 256));
    verb.add_option("--lose", flags.losses,
                    "ENDPOINT@60s+30s: it is unavailable from 60 s on for 30 s; by url or number")
        ->allow_extra_args(false);
    verb.add_option("--speeds", flags.speeds, "1,0.5,0.25: the speeds of the endpoints' engines, in their order")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(0.01, 100.0));
    verb.add_option("--slow", flags.slowdowns, "0.5@60s+30s: all engines at half their speed for that time")
        ->allow_extra_args(false);
}

// What clients do.
void add_client_flags(CLI::App& verb, SimulateFlags& flags) {
    verb.add_option(
            "--unstreamed", flags.unstreamed,
            "share of the answers that come as a whole, of all classes or as CLASS=SHARE, where the trace does not "
            "say; default: 0.3")
        ->allow_extra_args(false);
    verb.add_flag("--no-retries", flags.no_retries, "clients that are refused do not retry; SDKs retry twice");
    verb.add_option("--give-up", flags.give_up, "seconds a client waits for a first token before it leaves for good")
        ->check(CLI::Range(0.1, 86'400.0))
        ->capture_default_str();
}

}  // namespace

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

void add_simulate_flags(CLI::App& verb, SimulateFlags& flags) {
    // In the order in which help shows them.
    add_input_flags(verb, flags);
    add_rule_flags(verb, flags);
    add_engine_flags(verb, flags);
    verb.add_option("--speed", flags.speed, "replay the trace this many times as fast")
        ->check(CLI::Range(0.001, 100'000.0))
        ->capture_default_str();
    add_client_flags(verb, flags);
    verb.add_option("--seed", flags.seed, "seed of every random choice: the same seed gives the same output")
        ->capture_default_str();
    verb.add_option("--report", flags.report,
                    "also write one HTML page with the tables and plots over time to this file");
    verb.add_flag("--first-tokens", flags.first_tokens, "put every time to a first token into the JSON, too");
    verb.add_option("--format", flags.format, "how to show the result")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

std::string command_of(const CLI::App& verb) {
    std::string positional;
    std::string named;
    for (const CLI::Option* option : verb.get_options()) {
        for (const std::string& value : option->results()) {
            if (option->get_positional()) {
                positional += " " + shell_word(value);
            } else if (option->get_expected_min() == 0) {
                named += " " + option->get_name();  // a flag
            } else {
                named += fmt::format(" {} {}", option->get_name(), shell_word(value));
            }
        }
    }
    return fmt::format("weir {}{}{}", verb.get_name(), positional, named);
}

}  // namespace weir::cli

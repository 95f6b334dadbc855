#pragma once
// The options of `weir simulate`.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

struct SimulateFlags {
    std::string policy;
    std::vector<std::string> policies;  // further ones, to compare with
    std::vector<std::string> traces;
    std::string baseline;
    std::vector<std::string> surges;
    std::vector<std::string> hints;  // HINT=CLASS
    std::vector<std::string> compare;
    std::string controller = "weir";
    std::string preset = "small-gpu";
    std::string engine;                // key=value,...
    std::string queue;                 // empty: as the policy says
    std::vector<std::string> without;  // parts of the law
    std::string told;                  // KEY=FACTOR,...
    std::vector<std::string> losses;
    std::vector<std::string> slowdowns;
    std::vector<double> speeds;
    std::vector<std::string> unstreamed;  // SHARE or CLASS=SHARE
    std::string format = "text";
    std::string report;           // a file for the page
    std::uint32_t endpoints = 0;  // 0: the policy's
    std::uint64_t seed = 1;
    double speed = 1;
    double give_up = 30;  // seconds
    double estimate_error = 0.3;
    double prefix_hits = 0;
    double gauge_age = 0;  // seconds
    double gauge_noise = 0;
    bool no_retries = false;
    bool same_clients = false;
    bool first_tokens = false;
};

// Declares the options to the command-line parser. REQUIRES: `flags` outlives `verb`.
void add_simulate_flags(CLI::App& verb, SimulateFlags& flags);

// `a,b:x=1,y=2,c` -> a | b:x=1,y=2 | c: a setting belongs to the rule before it.
[[nodiscard]] std::vector<std::string> listed_controllers(std::string_view text);

// The command line again, from what was parsed.
[[nodiscard]] std::string command_of(const CLI::App& verb);

}  // namespace weir::cli

#pragma once
// What a simulation shows: tables for people, JSON for programs, a page for reviews. The same runs give the same bytes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/simulate/surge.hpp"
#include "lab/simulate/tally.hpp"

namespace weir::simulate {

// One controller's run and, where there is trouble, its calm twin without it.
struct Scenario {
    std::string controller;  // as on the command line
    Run run;
    std::optional<Run> calm;
    std::string policy{};  // its file
};

struct Report {
    std::string about;                 // what was simulated, in a sentence or two
    std::vector<std::string> classes;  // names, by ClassId
    std::optional<Window> window;      // the trouble: the tables are of the requests that arrived in it
    std::vector<Scenario> scenarios;
    std::vector<std::optional<Duration>> slos{};  // by ClassId; of the first policy that knows the class
    std::string command{};                        // that produced it
    std::string trouble = "in the surge";         // what happens in the window
    bool first_tokens = false;                    // the JSON has each of those in the window
};

// The scenario beside a policy with `degrade` rules: the same without them.
inline constexpr std::string_view kWithoutDegrade = "weir without degrade";

// What tables call a scenario: its controller; where there are several policies, its policy's name, with the controller
// where that is not Weir.
[[nodiscard]] std::string scenario_name(const Report& report, const Scenario& scenario);

// Whether any request of the class occurs in any scenario.
[[nodiscard]] bool is_offered(const Report& report, std::size_t cls);

// Good answers of a class in the window, of those in the calm twin. Nothing without a twin, nor for a class that
// surges: its share would only say how large the surge was.
[[nodiscard]] std::optional<double> kept(const Scenario& scenario, std::size_t cls);

// recovery() of tally.hpp; nothing where it cannot be determined.
[[nodiscard]] std::optional<std::optional<std::uint32_t>> recovery_of(const Report& report, const Scenario& scenario,
                                                                      std::size_t cls);

// Of all classes together, over the whole trace.
[[nodiscard]] PrefixTally prefixes_of(const Run& run);

// One row per class and controller:
//   offered      requests of the trace; each counts once, however often it is tried
//   degraded     of the served, those with a cheaper answer; only where a policy has rules
//   good         of them, answered in full with the first token within the class's slo (a class without one: answered)
//   kept         good answers, of those in the calm run to requests of the same time; not of the class that surges
//   first token  from the arrival, waiting and retries included, of the served; calm: without surge, losses, slowdowns
//   wasted       tokens computed for tries that were cancelled or failed and for answers too late, of all computed
//   clients      those whose requests were all, partly, not served; only of traces that name clients
//   recovery     see tally.hpp
// and below it why requests were not served, by the reason of the last try, and what `degrade` rules have gained,
// and what prefix caches saved: in flight on each endpoint and how evenly (Spread), prompt tokens that a
// cache had, and that one engine with a cache without bound would have had; requests of which it had all of these.
[[nodiscard]] std::string to_text(Report& report);

// The same and the whole trace's counts, as one object.
[[nodiscard]] std::string to_json(Report& report);

// One self-contained HTML page: the tables, and plots over time of each scenario. REQUIRES: all runs have timelines.
[[nodiscard]] std::string to_page(Report& report);

}  // namespace weir::simulate

#pragma once
// What a simulation shows: a table for people, JSON for programs. The same runs give the same bytes.

#include <optional>
#include <string>
#include <vector>

#include "simulate/surge.hpp"
#include "simulate/tally.hpp"

namespace weir::simulate {

// One controller's run, and where there is one its twin without the surge.
struct Scenario {
    std::string controller;
    Run run;
    std::optional<Run> calm;
};

struct Report {
    std::string about;                 // what was played, in a sentence or two
    std::vector<std::string> classes;  // names, by ClassId
    std::optional<Window> window;      // the surge: the tables are of the requests that arrived in it
    std::vector<Scenario> scenarios;
};

// A row a class and controller:
//   offered    requests of the trace; each counts once, however often it is tried
//   good       of them, answered in full with the first token within the class's slo (a class without one: answered)
//   kept       good answers, of those in the run without the surge to requests of the same time; not of the class
//              that surges
//   first token  from the arrival, waiting and retries included, of the served; calm: without the surge
//   clients    those whose requests were all, partly, not served; only of traces that name clients
//   recovery   see tally.hpp
[[nodiscard]] std::string to_text(Report& report);

// The same and the whole trace's counts, as one object.
[[nodiscard]] std::string to_json(Report& report);

}  // namespace weir::simulate

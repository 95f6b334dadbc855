#pragma once
// From a policy, traces and the command line to a simulation that can be run.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/simulate_flags.hpp"
#include "lab/simulate/simulation.hpp"
#include "numbering/names.hpp"
#include "policy/policy.hpp"

namespace weir::cli {

// The policy's part of a simulation, with numbers for its names.
struct SimulationSetup {
    std::vector<admission::JudgeConfig> backends;
    std::vector<std::string> classes;                          // of the policy, in its order
    std::vector<std::string> names;                            // by ClassId: of all policies so far
    std::vector<std::string> endpoints;                        // by EndpointId: urls
    std::vector<std::vector<admission::DegradeRule>> degrade;  // by ClassId
    numbering::Uses uses;                                      // of the numbers above
    bool tells_engine = false;                                 // some backend has `priority: forward`
};

// Classes have the numbers of `classes`, the same for all policies that share it.
[[nodiscard]] Result<SimulationSetup> make_setup(policy::Policy policy, const SimulateFlags& flags,
                                                 numbering::NameTable<ClassId>& classes);

// Reads and merges them. REQUIRES: speed above zero.
[[nodiscard]] Result<simulate::Trace> read_traces(const std::vector<std::string>& files, double speed);

// What the trace's class hints mean in the policy: a class of that name, or what --class says.
[[nodiscard]] Result<std::vector<ClassId>> map_hints(const simulate::Trace& trace, const SimulationSetup& setup,
                                                     const SimulateFlags& flags);

// Decides which answers are streamed, where the trace does not say.
[[nodiscard]] std::optional<Error> add_streams(simulate::Trace& trace, const std::vector<ClassId>& classes,
                                               const SimulationSetup& setup, const SimulateFlags& flags);

// Surges by the trace's word for a class, or by the policy's.
[[nodiscard]] std::optional<Error> add_surges(simulate::Trace& trace, const std::vector<ClassId>& classes,
                                              const SimulationSetup& setup, const SimulateFlags& flags);

// All but the controller and the window.
[[nodiscard]] Result<simulate::SimulationConfig> make_config(const SimulationSetup& setup, const SimulateFlags& flags);

}  // namespace weir::cli

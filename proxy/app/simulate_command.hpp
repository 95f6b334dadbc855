#pragma once
// The verb `simulate` of the command line: a policy tried on traces, in virtual time.

namespace CLI {
class App;
}

namespace weir::app {

// Adds the verb; when it is the one given, it runs, and `code` is the process's exit code. REQUIRES: `code` outlives
// `app`.
void add_simulate(CLI::App& app, int& code);

}  // namespace weir::app

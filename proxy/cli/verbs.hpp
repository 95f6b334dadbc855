#pragma once
// The verbs of the command line, one file each. Each adds itself; the one that is given runs, and `code` becomes the
// process's exit code.

namespace CLI {
class App;
}

namespace weir::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kErrors = 1;
inline constexpr int kUsageError = 2;
// Distinct from errors: a script that waits for readiness keeps waiting, but gives up if nothing answers.
inline constexpr int kNotReady = 3;

// REQUIRES: `code` outlives `app`.
void add_check(CLI::App& app, int& code);
void add_endpoint(CLI::App& app, int& code);
void add_mock_backend(CLI::App& app, int& code);
void add_reload(CLI::App& app, int& code);
void add_serve(CLI::App& app, int& code);
void add_simulate(CLI::App& app, int& code);
void add_status(CLI::App& app, int& code);

}  // namespace weir::cli

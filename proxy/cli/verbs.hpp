#pragma once
// The verbs of the command line, a file each. Each adds itself; when it is the one given, it runs, and `code` becomes
// the process's exit code.

namespace CLI {
class App;
}

namespace weir::cli {

inline constexpr int kGood = 0;
inline constexpr int kErrors = 1;
inline constexpr int kMisused = 2;
// Told apart from errors: a script that waits for readiness goes on waiting, and one that meets nothing does not.
inline constexpr int kNotReady = 3;

// REQUIRES: `code` outlives `app`.
void add_check(CLI::App& app, int& code);
void add_mock_backend(CLI::App& app, int& code);
void add_reload(CLI::App& app, int& code);
void add_serve(CLI::App& app, int& code);
void add_simulate(CLI::App& app, int& code);
void add_status(CLI::App& app, int& code);

}  // namespace weir::cli

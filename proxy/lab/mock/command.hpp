#pragma once
// The verb `mock-backend` of the command line.

namespace CLI {
class App;
}

namespace weir::mock {

// Adds the verb; when it is the one given, it runs, and `code` is the process's exit code. REQUIRES: `code` outlives
// `app`.
void add_mock_backend(CLI::App& app, int& code);

}  // namespace weir::mock

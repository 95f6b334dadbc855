#pragma once
// The verbs of the command line. Exit codes: 0 success, 1 errors, 2 usage error, 3 not ready.

namespace weir::cli {

// Parses the command line and runs the verb it names.
int run_command_line(int argc, char** argv);

}  // namespace weir::cli

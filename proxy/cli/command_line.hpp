#pragma once
// The verbs of the command line. Exit codes: 0 good, 1 errors, 2 differs or misused.

namespace weir::cli {

// Parses the command line and runs the verb it names.
int run_command_line(int argc, char** argv);

}  // namespace weir::cli

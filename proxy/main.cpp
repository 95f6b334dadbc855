// Verbs only; see cli/command_line.cpp.

#include <exception>
#include <iostream>

#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    try {
        return weir::cli::run_command_line(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "weir: " << error.what() << "\n";
        return 1;
    }
}

// Verbs only; see app/commands.cpp.

#include <exception>
#include <iostream>

#include "app/commands.hpp"

int main(int argc, char** argv) {
    try {
        return weir::app::run_command_line(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "weir: " << error.what() << "\n";
        return 1;
    }
}

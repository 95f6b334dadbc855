#pragma once
// `weir status`: one question to a running gateway's admin door.

#include <string>

namespace weir::app {

// Prints a summary. 0: it is there and ready; 1: it is not.
int show_status(const std::string& admin_address);

}  // namespace weir::app

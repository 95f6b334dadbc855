#pragma once
// The command line of bench_loadgen.

#include <optional>
#include <string>
#include <vector>

#include "loop.hpp"

namespace weir::bench {

enum class Mode { get, post, sse, idle };

struct Options {
    Mode mode = Mode::get;
    std::size_t connections = 64;
    double seconds = 5;
    double settle = 15;
    double warmup = 1;
    std::optional<sockaddr_in> target;          // absent: the backend itself
    std::optional<sockaddr_in> backend_listen;  // absent: an external backend
    std::optional<std::string> tls_trust;       // absent: plain HTTP
    std::size_t body_bytes = 2048;
    std::size_t response_bytes = 256;
    std::size_t event_bytes = 100;
    double event_ms = 100;
    std::size_t cancel = 0;
    std::string path;
    std::vector<std::string> headers;
    std::vector<int> watch;  // process ids
};

// Throws std::invalid_argument with a sentence for the user. An empty result: --help was asked for.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

[[nodiscard]] std::string_view help();

// The request that every client of this run sends.
[[nodiscard]] std::string make_request(const Options& options);

}  // namespace weir::bench

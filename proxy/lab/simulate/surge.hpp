#pragma once
// Surges: one class's arrivals multiplied for a while, and where a trace differs from its calm twin.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "lab/simulate/trace.hpp"

namespace weir::simulate {

// A stretch of a trace: [from, to).
struct Window {
    Duration from{};
    Duration to{};

    [[nodiscard]] bool has(Duration instant) const { return from <= instant && instant < to; }
    friend bool operator==(const Window&, const Window&) = default;
};

struct Surge {
    std::string hint;   // the class, in the trace's words
    double factor = 1;  // of the class's own arrivals; below 1 thins them
    Window window;
    // The class's own clients ask more often; otherwise there are more clients.
    bool same_clients = false;
};

// Reads `WHAT@120s+60s` into its front part and the window from 120 s to 180 s. Units: ms, s (or none), m, h.
struct Timed {
    std::string what;
    Window window;
};
[[nodiscard]] std::optional<Timed> parse_timed(std::string_view text);

// Reads `CLASS=10x@120s+60s`.
[[nodiscard]] std::optional<Surge> parse_surge(std::string_view text);

// Multiplies the arrivals of a class: each request in the window is repeated `factor` times on average (the fraction by
// a coin tossed with `seed`), the repetitions at random instants before the class's next own arrival. So bursts stay
// bursts, and every other request, its number and so its luck are unchanged. The n-th repetition of a client's requests
// is a client, and of its conversations a conversation, of its own: a surge is more callers, unless they are to be
// busier ones. Returns the number of requests added.
std::size_t apply_surge(Trace& trace, const Surge& surge, std::uint64_t seed);

// From the first to the last whole second in which the arrivals by class hint of the two traces differ; nothing if they
// never do.
[[nodiscard]] std::optional<Window> difference(const Trace& trace, const Trace& calm);

}  // namespace weir::simulate

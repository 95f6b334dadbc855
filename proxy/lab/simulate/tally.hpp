#pragma once
// What became of the requests of a run, per class.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"
#include "lab/simulate/surge.hpp"
#include "lab/simulate/timeline.hpp"

namespace weir::simulate {

// One request of the trace, its retries included, once it has ended.
struct Outcome {
    ClassId cls = kNoClass;
    Duration arrival{};                   // from the start of the trace
    Reason reason = Reason::admitted;     // of the last try
    bool served = false;                  // the whole answer came
    std::optional<Duration> first_token;  // from the arrival, waiting and retries included
    std::uint32_t tries = 1;
    std::uint32_t client = 0;
    std::uint64_t computed = 0;  // tokens that the engines computed for it, all tries together
    std::uint64_t lost = 0;      // of them, for tries that were cancelled or failed
    bool degraded = false;       // the last try asked for a cheaper answer than the trace's
    // Prompt tokens of the last try, if it was answered; of them, those that its engine's prefix cache had, and those
    // that a single engine with a cache without bound would have had.
    std::uint32_t prompt = 0;
    std::uint32_t cached = 0;
    std::uint32_t cacheable = 0;
};

// What prefix caches saved.
struct PrefixTally {
    std::uint64_t prompt_tokens = 0;
    std::uint64_t cached_tokens = 0;
    std::uint64_t cacheable_tokens = 0;  // at best: see Outcome
    std::uint64_t cached = 0;            // requests of which the cache had all that it could have
    std::uint64_t cacheable = 0;         // requests of which there was anything

    void add(const Outcome& outcome);
    void add(const PrefixTally& other);
};

// How evenly a backend's requests are spread over its endpoints, by what is in flight after each dispatch.
class Spread {
public:
    void add(std::uint32_t largest, double mean) {
        ++count_;
        largest_ += largest;
        mean_ += mean;
    }
    // The mean of the largest over the mean of all; nothing where no backend has two endpoints.
    [[nodiscard]] std::optional<double> imbalance() const;
    [[nodiscard]] std::optional<double> inflight() const;  // on each endpoint, mean

private:
    double count_ = 0;
    double largest_ = 0;
    double mean_ = 0;
};

// Sums over requests.
struct Tally {
    std::uint64_t offered = 0;
    std::uint64_t served = 0;
    std::uint64_t good = 0;      // served, and the first token within the class's slo where it has one
    std::uint64_t degraded = 0;  // of the served, those with a cheaper answer
    std::uint64_t retries = 0;   // tries beyond the first
    std::uint64_t computed = 0;  // tokens
    PrefixTally prefixes;        // of the answered
    std::uint64_t wasted = 0;    // tokens computed for tries that were cancelled or failed, and for answers too late
    std::array<std::uint64_t, kReasonCount> unserved{};  // by the reason of the last try
    std::vector<float> first_tokens;                     // seconds, of the served

    void add(const Outcome& outcome, bool is_good);
    [[nodiscard]] std::uint64_t refused() const;  // over a limit or overload
    [[nodiscard]] std::uint64_t failed() const;   // every other ending
    [[nodiscard]] std::optional<double> goodput() const;
    [[nodiscard]] std::optional<double> waste() const;  // share of what was computed
    // The smallest first token that at least the share `q` of them does not exceed. Reorders them.
    [[nodiscard]] std::optional<double> first_token(double q);
};

struct ClassRun {
    Tally whole;
    Tally during;                               // requests that arrived in the window
    std::vector<std::uint32_t> good_by_second;  // by the second of arrival
    std::uint32_t clients_whole = 0;            // in the window: all their requests were served
    std::uint32_t clients_partly = 0;
    std::uint32_t clients_not = 0;
};

// A whole run.
struct Run {
    std::vector<ClassRun> classes;  // by ClassId
    std::uint64_t tries = 0;
    Duration length{};  // until the last request ended
    Spread spread;
    std::optional<Timeline> timeline;
};

// Keeps the books of one run.
class Books {
public:
    // `slos`: of each class, by id. With no window, the whole trace is the window.
    Books(std::vector<std::optional<Duration>> slos, std::uint32_t clients, std::optional<Window> window);

    void add(const Outcome& outcome);
    [[nodiscard]] Run close(Duration length);

private:
    struct Client {
        ClassId cls = kNoClass;
        std::uint32_t offered = 0;
        std::uint32_t served = 0;
    };
    std::vector<std::optional<Duration>> slos_;
    std::optional<Window> window_;
    std::vector<Client> clients_;
    Run run_;
};

// Seconds from the window's end until the class does as well as in its calm twin again (99 % of its good answers) and
// keeps doing so for 5 s; nothing if it never does before the end of the trace. REQUIRES: shows_recovery().
[[nodiscard]] std::optional<std::uint32_t> recovery(const ClassRun& run, const ClassRun& calm, const Window& window);

// Whether the calm twin goes on long enough after the window to determine it.
[[nodiscard]] bool shows_recovery(const ClassRun& calm, const Window& window);

}  // namespace weir::simulate

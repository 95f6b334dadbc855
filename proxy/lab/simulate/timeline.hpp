#pragma once
// How a run went over time, for plots: a bounded number of stretches of equal length, however long the run.
//
// Stretches begin as seconds; each time a run outgrows kMaxStretches of them, neighbours become one. Times to the
// first token are kept as counts in logarithmic steps of 10 %, so memory does not follow the requests. Not thread-safe.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace weir::simulate {

// The state at one instant.
struct Snapshot {
    std::vector<std::uint32_t> waiting;  // by ClassId
    double inflight = 0;                 // requests in all engines or on their way there
    double limit = 0;                    // how many of them the controller would allow; 0: it has no such limit
    double held_context = 0;             // the controller's own counts, of its limits: kv/K and prompts/PF; 0: none
    double held_prompts = 0;
    double slots = 0;    // the engines' sequences
    double kv = 0;       // share of the engines' KV cache in use
    double prompts = 0;  // prompt tokens of requests without a first token, in steps' budgets
};

struct Timeline {
    struct Class {
        std::vector<std::uint32_t> offered;                  // requests, by their arrival
        std::vector<std::uint32_t> tries;                    // with the retries, when they come
        std::vector<std::uint32_t> served;                   // by the last token
        std::vector<std::uint32_t> refused;                  // tries
        std::vector<std::uint32_t> failed;                   // requests
        std::vector<double> waiting;                         // mean
        std::vector<std::optional<double>> first_token_p50;  // seconds, from the first arrival; by when it came
        std::vector<std::optional<double>> first_token_p99;
    };
    // Adds classes without any request, up to that number.
    void pad(std::size_t count);

    Duration width{};              // of a stretch
    std::vector<Class> classes;    // by ClassId
    std::vector<double> inflight;  // means
    std::vector<double> limit;
    std::vector<double> slots;
    std::vector<double> kv;
    std::vector<double> prompts;
    std::vector<double> held_context;
    std::vector<double> held_prompts;
};

class Recorder {
public:
    static constexpr std::size_t kMaxStretches = 600;
    static constexpr Duration kSampleEvery = std::chrono::milliseconds(250);

    enum class Event : std::uint8_t { offered, tried, served, refused, failed };

    explicit Recorder(std::size_t classes) : classes_(classes) {}

    // `at`: from the start of the trace, never earlier than before.
    void count(Event event, ClassId cls, Duration at);
    void first_token(ClassId cls, Duration at, Duration time);

    // When the next snapshot is due. REQUIRES of sample(): called for each of these instants in turn.
    [[nodiscard]] Duration next_sample() const { return next_sample_; }
    void sample(const Snapshot& snapshot);

    [[nodiscard]] Timeline close() const;

private:
    static constexpr std::size_t kEvents = 5;
    static constexpr int kStepsADecade = 24;
    static constexpr int kDecades = 6;  // from 0.1 ms
    using Histogram = std::array<std::uint32_t, kStepsADecade * kDecades>;

    struct ClassStretch {
        std::array<std::uint32_t, kEvents> counts{};
        double waiting = 0;  // sum over samples
        Histogram first_tokens{};
    };
    struct Stretch {
        std::vector<ClassStretch> classes;
        double samples = 0;
        double inflight = 0;  // sums over samples, as the next
        double limit = 0;
        double slots = 0;
        double kv = 0;
        double prompts = 0;
        double held_context = 0;
        double held_prompts = 0;
    };

    [[nodiscard]] Stretch& stretch_at(Duration at);
    void halve();
    static void merge(Stretch& into, const Stretch& other);
    [[nodiscard]] static std::optional<double> quantile(const Histogram& counts, double q);

    std::size_t classes_;
    Duration width_ = std::chrono::seconds(1);
    Duration next_sample_ = kSampleEvery;
    std::vector<Stretch> stretches_;
};

}  // namespace weir::simulate

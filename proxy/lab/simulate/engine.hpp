#pragma once
// A model of an LLM engine with continuous batching, in virtual time: what vLLM does to latency, without the model.
//
// The engine works in steps. Each step gives one token to every sequence that is decoding, and spends what is left of
// its token budget on prompts, in queue order and in chunks, so that long prompts do not stop the decoding but do slow
// it down (chunked prefill; Agrawal et al., Sarathi-Serve, 2024). A prompt whose last chunk is done gives its first
// token at the end of that step. How long a step takes is a sum of config.hpp's costs: it grows with the batch.
//
//   step:  while the KV cache lacks a token for each decoding sequence: preempt the last in rank
//          continue the unfinished prompt; then, if none was preempted, admit from the queue
//              while there are a slot, budget and KV space for the chunk
//   rank:  (priority, arrival), or arrival alone when first come; the queue has no bound
//
// A preempted sequence loses its cache and rejoins the queue in its old rank; prompt and tokens so far are computed
// anew (vLLM's recompute preemption). Tokens that the prefix cache has (prefix_cache.hpp) need not be computed, but
// take KV space as others do. Left out, because they change little here: 16-token blocks, KV space that running
// requests share, the time between steps in which vLLM's processes talk.
//
// A step costs O(prompts begun and sequences ended), whatever waits in the queue; with token events, also O(batch).
// Pure: no clock, no I/O; what is random is drawn by the number of the step (random.hpp). Not thread-safe.

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "lab/simulate/config.hpp"
#include "lab/simulate/prefix_cache.hpp"

namespace weir::simulate {

using RequestId = std::uint64_t;

struct EngineEvent {
    enum class Kind : std::uint8_t {
        first_token,
        token,     // later ones, as many as config.token_events asks for
        finished,  // after its last token, at the same instant
    };
    Kind kind = Kind::token;
    RequestId id = 0;
    TimePoint at{};
    std::uint32_t tokens = 0;    // given out so far, with this one
    std::uint64_t computed = 0;  // of `finished`: see Engine::computed()
    std::uint32_t cached = 0;    // of `first_token`: prompt tokens that the prefix cache had

    friend bool operator==(const EngineEvent&, const EngineEvent&) = default;
};

// What vLLM's /metrics would show.
struct EngineCounts {
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
    std::uint64_t kv_used = 0;      // tokens
    std::uint64_t preemptions = 0;  // ever
};

class Engine {
public:
    // REQUIRES: max_num_seqs, kv_tokens and fixed above zero, max_num_batched_tokens above max_num_seqs.
    explicit Engine(const EngineConfig& config);

    // Queues a request for `output_tokens` (at least 1) after a prompt of `prompt_tokens` (at least 1). False, and
    // nothing happens, when both together exceed the KV cache: it could never end. REQUIRES: `id` is not in the engine;
    // no event is due before `now`.
    [[nodiscard]] bool submit(RequestId id, std::uint32_t prompt_tokens, std::uint32_t output_tokens, int priority,
                              TimePoint now, const Lineage& lineage = {});

    // Takes a request out wherever it is; its slot and its cache are free at once. False when it is not there.
    bool cancel(RequestId id);

    // Tokens that were computed for a request so far: of its prompt, of its answer, and those recomputed after a
    // preemption. Zero if it is not there.
    [[nodiscard]] std::uint64_t computed(RequestId id) const;

    // When the current step ends; nothing while the engine is idle.
    [[nodiscard]] std::optional<TimePoint> next_event() const { return step_ends_; }

    // Runs all steps that end by `now`, and appends what happened, in order.
    void advance(TimePoint now, std::vector<EngineEvent>& events);

    // Of the hardware, from the next step on: at 0.5 a step takes twice as long. REQUIRES: above zero.
    void set_speed(double speed) { speed_ = speed; }

    [[nodiscard]] EngineCounts counts() const;
    [[nodiscard]] const EngineConfig& config() const { return config_; }

private:
    using Rank = std::pair<int, std::uint64_t>;  // priority, arrival
    enum class Stage : std::uint8_t { queued, prompt, decoding };
    struct Request {
        RequestId id = 0;
        Rank rank;
        std::uint32_t prompt = 0;
        std::uint32_t output = 0;
        Lineage lineage;
        std::uint32_t found = 0;  // in the prefix cache, when its prompt began
        Stage stage = Stage::queued;
        std::uint32_t given = 0;     // tokens given out; while decoding, as of `joined`
        std::uint64_t cached = 0;    // tokens in the KV cache; while decoding, as of `joined`
        std::uint64_t prompted = 0;  // tokens computed as prompts, ever
        std::uint64_t joined = 0;    // steps ended when it began to decode: every step since gave it a token
    };
    using ByRank = std::set<std::pair<Rank, Request*>>;

    void start_step(TimePoint now);
    [[nodiscard]] Duration step_length(std::uint32_t prompt_tokens) const;
    void end_step(std::vector<EngineEvent>& events);
    // Makes space for one token of each decoding sequence; returns whether one had to be preempted for it.
    bool preempt();
    // Spends the rest of the budget on prompts; returns the tokens spent.
    std::uint32_t feed_prompts(std::uint32_t budget, bool admit);
    void give_first_token(Request& request, std::vector<EngineEvent>& events);
    void begin_decoding(Request& request);
    void stop_running(Request& request);
    void finish(Request& request, std::vector<EngineEvent>& events);

    [[nodiscard]] static std::pair<Rank, Request*> ranked(Request& request) { return {request.rank, &request}; }
    // A prompt to compute: the request's own, and after a preemption what it had given out.
    [[nodiscard]] static std::uint64_t to_compute(const Request& request) { return request.prompt + request.given; }
    [[nodiscard]] std::uint32_t given(const Request& request) const;
    [[nodiscard]] std::uint64_t cached(const Request& request) const;
    [[nodiscard]] std::uint64_t last_step(const Request& request) const;

    EngineConfig config_;
    PrefixCache prefixes_;
    std::unordered_map<RequestId, Request> requests_;
    ByRank queue_;
    ByRank running_;  // prompts and decoding sequences: at most max_num_seqs
    // Decoding sequences by the step that gives their last token, equals by rank.
    std::set<std::pair<std::uint64_t, std::pair<Rank, Request*>>> endings_;
    Request* unfinished_prompt_ = nullptr;    // at most one: it takes all that is left of a budget
    std::vector<Request*> finished_prompts_;  // their first tokens come at the end of this step
    std::optional<TimePoint> step_ends_;
    std::uint64_t steps_started_ = 0;
    std::uint64_t steps_ended_ = 0;
    std::uint64_t kv_used_ = 0;
    std::uint64_t arrivals_ = 0;
    std::uint64_t preemptions_ = 0;
    double speed_ = 1;
};

}  // namespace weir::simulate

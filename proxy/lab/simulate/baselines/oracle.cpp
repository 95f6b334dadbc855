#include "lab/simulate/baselines/oracle.hpp"

#include <algorithm>

#include "lab/simulate/baselines/immediate.hpp"

namespace weir::simulate {
namespace {

// Ranks: the priority in the top bits, then whether it has no slo, then the deadline or the work in microseconds.
constexpr int kPriorityShift = 60;
constexpr std::uint64_t kNoSlo = 1ULL << 59;

std::uint64_t microseconds(Duration length) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(length).count());
}

}  // namespace

OracleController::OracleController(const admission::JudgeConfig& config, const Settings& settings, TimePoint)
    : QueueingController(Counts(config.endpoints)),
      reserve_(settings["reserve"]),
      prompts_(settings["prompts"]),
      queue_timeout_(settings.time("queue_timeout")) {
    for (const auto& cls : config.classes) {
        best_ = std::min(best_, cls.config.priority);
        if (cls.config.slo) slos_[cls.id] = cls.config.slo->first_token;
    }
}

std::span<const Setting> OracleController::settings() {
    static constexpr Setting kSettings[]{
        {"reserve", 0.05, 0, 0.95, "of the slots, kept from all classes but the best"},
        {"prompts", 2, 0.01, 1000, "in budgets of a step, the prompt tokens on the way to an engine"},
        {"queue_timeout", 25, 0.001, 3600, "in seconds, the longest wait of a class without an slo"},
    };
    return kSettings;
}

void OracleController::connect(const EngineConfig& engine, const EngineProbe& /*probe*/) { engine_ = engine; }

Duration OracleController::work_of(const Visit& visit) const {
    const auto context = visit.prompt_tokens + visit.output_tokens / 2;
    return visit.prompt_tokens * engine_.per_prompt_token +
           visit.output_tokens *
               (engine_.fixed / engine_.max_num_seqs + engine_.per_sequence + context * engine_.per_context_token);
}

void OracleController::enqueue(Visit& visit, TimePoint now) {
    if (!counts().any_available()) return refuse(visit, Reason::no_endpoint);
    const auto slo = slos_.find(visit.asking.cls);
    const std::uint64_t priority = static_cast<std::uint64_t>(visit.priority) << kPriorityShift;
    if (slo == slos_.end())
        return waiting().add(visit, priority | kNoSlo | microseconds(work_of(visit)), now + queue_timeout_);
    // Its own prompt has to be computed after it is sent, and the step running then has to end first.
    const Duration shortest = visit.prompt_tokens * engine_.per_prompt_token + 2 * engine_.fixed;
    const TimePoint latest = now + slo->second - shortest;
    if (latest < now) return refuse(visit, Reason::deadline_expired);
    waiting().add(visit, priority | microseconds(latest.time_since_epoch()), latest);
}

EndpointId OracleController::place_for(const Visit& visit, TimePoint /*now*/) {
    const double kept = visit.priority == best_ ? 0 : reserve_;
    const std::uint64_t tokens = std::uint64_t{visit.prompt_tokens} + visit.output_tokens;
    const double budget = prompts_ * engine_.max_num_batched_tokens;
    const auto fits = [&](const Counts::Endpoint& endpoint) {
        // A request that fits nowhere goes in alone, so that the engine rejects it.
        if (endpoint.inflight == 0) return true;
        const Load& load = loads_[endpoint.id];
        return endpoint.inflight + 1 <= (1 - kept) * engine_.max_num_seqs &&
               load.tokens + tokens <= engine_.kv_tokens &&
               (load.prompts == 0 || static_cast<double>(load.prompts + visit.prompt_tokens) <= budget);
    };
    const Counts::Endpoint* best = counts().fewest(fits);
    return best == nullptr ? kNoEndpoint : best->id;
}

void OracleController::sent(Visit& visit, TimePoint /*now*/) {
    Load& load = loads_[visit.ruling.endpoint];
    load.tokens += std::uint64_t{visit.prompt_tokens} + visit.output_tokens;
    load.prompts += visit.prompt_tokens;
}

void OracleController::first_token(Visit& visit, TimePoint now, VisitChanges& changes) {
    loads_[visit.ruling.endpoint].prompts -= visit.prompt_tokens;
    pump(now, changes);
}

void OracleController::gone(Visit& visit, TimePoint /*now*/) {
    Load& load = loads_[visit.ruling.endpoint];
    load.tokens -= std::uint64_t{visit.prompt_tokens} + visit.output_tokens;
    if (!visit.answered) load.prompts -= visit.prompt_tokens;
}

}  // namespace weir::simulate

#include "lab/simulate/engine.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "lab/simulate/random.hpp"

namespace weir::simulate {
namespace {

// The numbers of the random questions about a step.
constexpr std::uint64_t kNoise = 0;
constexpr std::uint64_t kStall = 2;

}  // namespace

Engine::Engine(const EngineConfig& config) : config_(config), prefixes_(config.prefix_tokens()) {
    assert(config_.max_num_seqs > 0 && config_.kv_tokens > 0 && config_.fixed > Duration::zero());
    assert(config_.max_num_batched_tokens > config_.max_num_seqs);
}

bool Engine::submit(RequestId id, std::uint32_t prompt_tokens, std::uint32_t output_tokens, int priority, TimePoint now,
                    const Lineage& lineage) {
    assert(!requests_.contains(id));
    assert(!step_ends_ || now <= *step_ends_);
    Request request;
    request.id = id;
    request.rank = {config_.order == QueueOrder::priority ? priority : 0, arrivals_++};
    request.prompt = std::max(prompt_tokens, 1U);
    request.output = std::max(output_tokens, 1U);
    request.lineage = lineage;
    if (std::uint64_t{request.prompt} + request.output > config_.kv_tokens) return false;
    Request& kept = requests_.emplace(id, request).first->second;
    queue_.insert(ranked(kept));
    if (!step_ends_) start_step(now);
    return true;
}

bool Engine::cancel(RequestId id) {
    const auto found = requests_.find(id);
    if (found == requests_.end()) return false;
    Request& request = found->second;
    if (request.stage == Stage::queued) {
        queue_.erase(ranked(request));
    } else {
        stop_running(request);
    }
    requests_.erase(found);
    return true;
}

std::uint64_t Engine::computed(RequestId id) const {
    const auto found = requests_.find(id);
    return found == requests_.end() ? 0 : found->second.prompted + given(found->second);
}

void Engine::advance(TimePoint now, std::vector<EngineEvent>& events) {
    while (step_ends_ && *step_ends_ <= now) {
        const TimePoint ended = *step_ends_;
        end_step(events);
        start_step(ended);
    }
}

void Engine::start_step(TimePoint now) {
    const bool preempted = preempt();
    const auto decoding = static_cast<std::uint32_t>(endings_.size());
    kv_used_ += decoding;
    const std::uint32_t prompt_tokens = feed_prompts(config_.max_num_batched_tokens - decoding, !preempted);
    if (running_.empty()) {
        step_ends_.reset();
        return;
    }
    ++steps_started_;
    step_ends_ = now + step_length(prompt_tokens);
}

Duration Engine::step_length(std::uint32_t prompt_tokens) const {
    const Duration length = config_.fixed + prompt_tokens * config_.per_prompt_token +
                            static_cast<Duration::rep>(running_.size()) * config_.per_sequence +
                            static_cast<Duration::rep>(kv_used_) * config_.per_context_token;
    const double factor = log_normal(config_.step_noise, config_.seed, steps_started_, kNoise) / speed_;
    const Duration varied = factor == 1 ? length : from_seconds(seconds(length) * factor);
    if (config_.stall_every == Duration::zero()) return varied;
    const bool stalls = uniform(config_.seed, steps_started_, kStall) * seconds(config_.stall_every) < seconds(varied);
    return stalls ? varied + config_.stall : varied;
}

bool Engine::preempt() {
    bool preempted = false;
    while (kv_used_ + endings_.size() > config_.kv_tokens) {
        Request& last = *running_.rbegin()->second;
        const std::uint32_t tokens = given(last);
        stop_running(last);
        last.given = tokens;
        last.stage = Stage::queued;
        last.cached = 0;
        queue_.insert(ranked(last));
        ++preemptions_;
        preempted = true;
    }
    return preempted;
}

std::uint32_t Engine::feed_prompts(std::uint32_t budget, bool admit) {
    const std::uint32_t whole = budget;
    const auto feed = [&](Request& request) {
        const std::uint64_t chunk =
            std::min({to_compute(request) - request.cached, std::uint64_t{budget}, config_.kv_tokens - kv_used_});
        request.cached += chunk;
        request.prompted += chunk;
        kv_used_ += chunk;
        budget -= static_cast<std::uint32_t>(chunk);
        const bool done = request.cached == to_compute(request);
        if (done) finished_prompts_.push_back(&request);
        unfinished_prompt_ = done ? nullptr : &request;
    };
    if (unfinished_prompt_ != nullptr) feed(*unfinished_prompt_);
    while (admit && unfinished_prompt_ == nullptr && budget > 0 && !queue_.empty()) {
        Request& next = *queue_.begin()->second;
        const std::uint32_t found = prefixes_.find(next.lineage, next.prompt);
        const std::uint64_t chunk = std::min(to_compute(next) - found, std::uint64_t{budget});
        if (running_.size() == config_.max_num_seqs || kv_used_ + found + chunk > config_.kv_tokens) break;
        queue_.erase(queue_.begin());
        running_.insert(ranked(next));
        next.stage = Stage::prompt;
        next.cached = next.found = found;
        kv_used_ += found;
        feed(next);
    }
    return whole - budget;
}

void Engine::end_step(std::vector<EngineEvent>& events) {
    ++steps_ended_;
    if (config_.token_events > 0) {
        for (const auto& [rank, request] : running_) {
            if (request->stage != Stage::decoding || given(*request) % config_.token_events != 0) continue;
            events.push_back({EngineEvent::Kind::token, request->id, *step_ends_, given(*request)});
        }
    }
    while (!endings_.empty() && endings_.begin()->first == steps_ended_) {
        finish(*endings_.begin()->second.second, events);
    }
    // Swapped out, because finishing one of them takes it out of the list.
    std::vector<Request*> prompts;
    prompts.swap(finished_prompts_);
    for (Request* request : prompts) give_first_token(*request, events);
    prompts.clear();
    finished_prompts_.swap(prompts);
}

void Engine::give_first_token(Request& request, std::vector<EngineEvent>& events) {
    prefixes_.keep(request.lineage, request.prompt);
    // After a preemption it is one token more, and no longer the first.
    const bool first = request.given == 0;
    ++request.given;
    if (first || (config_.token_events > 0 && request.given % config_.token_events == 0)) {
        const auto kind = first ? EngineEvent::Kind::first_token : EngineEvent::Kind::token;
        events.push_back({kind, request.id, *step_ends_, request.given, 0, first ? request.found : 0});
    }
    begin_decoding(request);
    if (request.given == request.output) finish(request, events);
}

void Engine::begin_decoding(Request& request) {
    request.stage = Stage::decoding;
    request.joined = steps_ended_;
    endings_.insert({last_step(request), ranked(request)});
}

void Engine::stop_running(Request& request) {
    kv_used_ -= cached(request);
    running_.erase(ranked(request));
    if (request.stage == Stage::decoding) endings_.erase({last_step(request), ranked(request)});
    if (unfinished_prompt_ == &request) unfinished_prompt_ = nullptr;
    std::erase(finished_prompts_, &request);
}

void Engine::finish(Request& request, std::vector<EngineEvent>& events) {
    events.push_back(
        {EngineEvent::Kind::finished, request.id, *step_ends_, request.output, request.prompted + request.output});
    // The next turn of its conversation repeats the answer.
    prefixes_.keep(request.lineage, request.prompt + request.output);
    stop_running(request);
    requests_.erase(request.id);
}

std::uint32_t Engine::given(const Request& request) const {
    if (request.stage != Stage::decoding) return request.given;
    return request.given + static_cast<std::uint32_t>(steps_ended_ - request.joined);
}

std::uint64_t Engine::cached(const Request& request) const {
    if (request.stage != Stage::decoding) return request.cached;
    return request.cached + (steps_started_ - request.joined);
}

std::uint64_t Engine::last_step(const Request& request) const {
    return request.joined + request.output - request.given;
}

EngineCounts Engine::counts() const {
    return {static_cast<std::uint32_t>(running_.size()), static_cast<std::uint32_t>(queue_.size()), kv_used_,
            preemptions_};
}

}  // namespace weir::simulate

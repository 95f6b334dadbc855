#include "lab/simulate/simulation.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "admission/advice.hpp"
#include "admission/classify/cohort.hpp"
#include "lab/simulate/controllers.hpp"
#include "lab/simulate/random.hpp"
#include "lab/simulate/retry.hpp"

namespace weir::simulate {

using admission::Standing;

namespace {

// The trace's zero. Well after the clock's epoch, where unset instants lie.
constexpr TimePoint kStart{24h};

constexpr std::uint64_t kProgressEvery = 4'096;  // arrivals
constexpr std::uint32_t kTokensATime = 16;       // as the server counts streams
// The number of the random question about a prompt's estimate; those about tries count from 2.
constexpr std::uint64_t kEstimate = 4ULL << 32;
constexpr std::uint64_t kNoBound = std::numeric_limits<std::uint64_t>::max();

RequestId engine_id(std::uint32_t slot, std::uint32_t version) { return RequestId{version} << 32 | slot; }
std::uint32_t slot_of(RequestId id) { return static_cast<std::uint32_t>(id); }
std::uint32_t version_of(RequestId id) { return static_cast<std::uint32_t>(id >> 32); }

}  // namespace

Simulation::Simulation(SimulationConfig config, const Trace& trace, std::vector<ClassId> classes)
    : config_(std::move(config)), trace_(trace), class_of_hint_(std::move(classes)), ideal_(kNoBound), now_(kStart) {
    for (const admission::JudgeConfig& backend : config_.backends) {
        controllers_.push_back(make_controller(config_.controller, backend, now_));
        assert(controllers_.back());
        for (const auto& entry : backend.classes) {
            if (classes_.size() <= index(entry.id)) classes_.resize(index(entry.id) + 1);
            ClassModel& model = classes_[index(entry.id)];
            model.config = &entry.config;
            const bool home = backend.name.empty() || entry.config.backend == backend.name;
            if (home) model.controller = controllers_.back().get();
            if (!home) model.fallback_routes.emplace_back(backend.name, controllers_.back().get());
        }
        for (const auto& endpoint : backend.endpoints) {
            const std::size_t count = std::max(controller_of_endpoint_.size(), index(endpoint.id) + 1);
            controller_of_endpoint_.resize(count);
            controller_of_endpoint_[index(endpoint.id)] = controllers_.back().get();
        }
    }
    for (const Controller* controller : controller_of_endpoint_) {
        EngineConfig engine = config_.engine;
        engine.token_events = controller->counts_tokens() ? kTokensATime : 0;
        engine.seed = mix(config_.seed ^ mix(engines_.size()));
        engines_.emplace_back(engine);
    }
    change_speed();
    gauges_.emplace(config_.gauges, engines_, config_.seed, now_);
    for (const auto& controller : controllers_) {
        controller->connect(config_.engine, [this](EndpointId endpoint) { return gauges_->counts(endpoint); });
    }

    std::vector<std::optional<Duration>> slos;
    for (const ClassModel& cls : classes_) {
        const bool has_slo = cls.config != nullptr && cls.config->slo;
        slos.push_back(has_slo ? std::optional(cls.config->slo->first_token) : std::nullopt);
    }
    books_ = std::make_unique<Books>(std::move(slos), trace.clients, config_.window);
    present_.waiting.resize(classes_.size());
    if (config_.timeline) recorder_.emplace(classes_.size());
    for (const EndpointLoss& loss : config_.losses) {
        const auto endpoint = static_cast<std::uint32_t>(index(loss.endpoint));
        set_timer(kStart + loss.window.from, Due::lose, endpoint, 0);
        set_timer(kStart + loss.window.to, Due::regain, endpoint, 0);
    }
    for (const Slowdown& slowdown : config_.slowdowns) {
        set_timer(kStart + slowdown.window.from, Due::change_speed, 0, 0);
        set_timer(kStart + slowdown.window.to, Due::change_speed, 0, 0);
    }
}

Simulation::~Simulation() = default;

Run Simulation::run(const Progress& progress) {
    std::size_t reported = 0;
    while (const auto next = next_instant()) {
        if (recorder_) take_snapshots(*next);
        gauges_->catch_up(*next);
        now_ = *next;
        run_engines();
        expire();
        run_timers();
        take_arrivals();
        if (progress && next_arrival_ >= reported + kProgressEvery) {
            reported = next_arrival_;
            progress(static_cast<double>(reported) / static_cast<double>(trace_.requests.size()));
        }
    }
    Run run = books_->close(last_ending_);
    run.spread = spread_;
    if (recorder_) run.timeline = recorder_->close();
    return run;
}

std::optional<TimePoint> Simulation::next_instant() const {
    std::optional<TimePoint> next;
    const auto consider = [&next](TimePoint instant) { next = next ? std::min(*next, instant) : instant; };
    for (const Engine& engine : engines_) {
        if (const auto event = engine.next_event()) consider(*event);
    }
    for (const auto& controller : controllers_) {
        // What was due now has been done; an instant that stays in the past must not stop the clock.
        if (const auto expiry = controller->next_expiry()) consider(std::max(*expiry, now_ + 1ns));
    }
    if (!timers_.empty()) consider(timers_.top().at);
    if (next_arrival_ < trace_.requests.size()) consider(kStart + trace_.requests[next_arrival_].arrival);
    return next;
}

void Simulation::run_engines() {
    for (Engine& engine : engines_) {
        if (engine.next_event().value_or(now_ + 1ns) > now_) continue;
        events_.clear();
        engine.advance(now_, events_);
        for (const EngineEvent& event : events_) {
            Session& session = sessions_[slot_of(event.id)];
            // Stopped as a result of an earlier event of this step.
            if (!session.present || session.version != version_of(event.id)) continue;
            hear(session, event);
            settle();
        }
    }
}

void Simulation::hear(Session& session, const EngineEvent& event) {
    Controller& controller = *session.controller;
    switch (event.kind) {
        case EngineEvent::Kind::first_token:
            session.answered = true;
            session.first_token = event.at;
            present_.prompts -= session.prompt_tokens;
            session.cached = event.cached;
            session.cacheable = ideal_.find(session.request->lineage, session.prompt_tokens);
            ideal_.keep(session.request->lineage, session.prompt_tokens);
            if (recorder_) {
                const Duration at = event.at - kStart;
                recorder_->first_token(session.asking.cls, at, at - session.request->arrival);
            }
            // Of an answer that comes as a whole the proxy sees nothing before its end.
            if (session.asking.streams) controller.first_token(session, now_, changes_);
            return;
        case EngineEvent::Kind::token:
            if (session.asking.streams) controller.streamed(session, event.tokens, now_);
            return;
        case EngineEvent::Kind::finished:
            session.engine = kNoEndpoint;
            session.computed += event.computed;
            ideal_.keep(session.request->lineage, session.prompt_tokens + session.output_tokens);
            session.complete = true;
            controller.finish(session, now_, changes_);
            return over(session, Reason::admitted, true);
    }
}

void Simulation::expire() {
    for (const auto& controller : controllers_) {
        if (controller->next_expiry().value_or(now_ + 1ns) > now_) continue;
        controller->expire(now_, changes_);
        settle();
    }
}

void Simulation::run_timers() {
    while (!timers_.empty() && timers_.top().at <= now_) {
        const Timer timer = timers_.top();
        timers_.pop();
        const auto endpoint = static_cast<EndpointId>(timer.subject);
        switch (timer.due) {
            case Due::lose: lose(endpoint); break;
            case Due::regain:
                if (!is_lost(endpoint)) set_available(endpoint, true);
                break;
            case Due::change_speed: change_speed(); break;
            case Due::retry:
            case Due::give_up: {
                Session& session = sessions_[timer.subject];
                if (!session.present || session.version != timer.version) break;
                if (timer.due == Due::retry) {
                    try_once(session);
                } else if (!session.answered) {
                    give_up(session);
                }
            }
        }
        settle();
    }
}

void Simulation::take_arrivals() {
    while (next_arrival_ < trace_.requests.size()) {
        const TraceRequest& request = trace_.requests[next_arrival_];
        if (kStart + request.arrival > now_) return;
        ++next_arrival_;
        Session& session = admit_session(request);
        record(Recorder::Event::offered, session);
        try_once(session);
        settle();
    }
}

Simulation::Session& Simulation::admit_session(const TraceRequest& request) {
    if (free_sessions_.empty()) {
        free_sessions_.push_back(static_cast<std::uint32_t>(sessions_.size()));
        sessions_.emplace_back().slot = free_sessions_.back();
    }
    Session& session = sessions_[free_sessions_.back()];
    free_sessions_.pop_back();
    session.request = &request;
    session.present = true;
    session.tries = 0;
    session.computed = session.lost = 0;
    session.degraded = false;
    session.prompt_tokens = request.prompt_tokens;
    session.output_tokens = request.output_tokens;
    session.asking.cls = class_of_hint_[request.hint];
    session.controller = classes_[index(session.asking.cls)].controller;
    session.priority = classes_[index(session.asking.cls)].config->priority;
    // A request without a client is a client of its own.
    const bool named = request.client != kNoClient;
    session.asking.client = mix(named ? mix(config_.seed) ^ request.client : ~request.number);
    // As the proxy has it: of the first turn, which a conversation repeats and another request does not.
    const std::uint64_t key = request.lineage.conversation != 0 ? request.lineage.conversation : mix(request.number);
    session.asking.affinity = std::max<std::uint64_t>(key, 1);
    return session;
}

void Simulation::try_once(Session& session) {
    ++session.version;
    ++session.tries;
    session.answered = false;
    session.complete = false;
    session.asking.retry = session.tries > 1;
    record(Recorder::Event::tried, session);
    session.cached = session.cacheable = 0;
    // The same at each try, as a proxy would have it.
    const double error = log_normal(config_.estimate_error, config_.seed, session.request->number, kEstimate);
    session.asking.prompt_tokens = static_cast<std::uint32_t>(std::max(1.0, std::round(session.prompt_tokens * error)));
    session.asking.streams = session.request->streams != Streams::no;
    session.asking.can_be_cut = true;
    session.asking.cohort =
        admission::cohort_of(session.asking.client, std::chrono::floor<std::chrono::seconds>(now_ - kStart));
    degrade(session);
    session.controller->arrive(session, now_, changes_);
    // A request refused at once, as nearly all are in a surge, needs no timer.
    if (session.ruling.standing != Standing::ended) {
        set_timer(now_ + config_.give_up, Due::give_up, session.slot, session.version);
    }
    act(session);
}

void Simulation::degrade(Session& session) {
    const std::size_t cls = index(session.asking.cls);
    if (cls >= config_.degrade.size() || config_.degrade[cls].empty()) return;
    const ClassModel& model = classes_[cls];
    session.controller = model.controller;
    session.output_tokens = session.request->output_tokens;
    // A trace records how long answers were, not what was asked for.
    admission::DegradeAsk ask;
    ask.prompt_tokens = session.prompt_tokens;
    ask.max_output_tokens = session.output_tokens;
    ask.has_length = ask.has_model = ask.has_tier = true;
    const auto plan = admission::plan_degrade(config_.degrade[cls], ask, model.controller->pressure(now_));
    session.degraded = plan.applied != 0;
    session.output_tokens = std::min(session.output_tokens, plan.max_output_tokens.value_or(session.output_tokens));
    for (const auto& [name, controller] : model.fallback_routes) {
        if (name == plan.backend) session.controller = controller;
    }
}

void Simulation::settle() {
    // Acting may change more rulings: the list grows while it is read.
    std::size_t next = 0;
    while (next < changes_.size()) act(static_cast<Session&>(*changes_[next++]));
    changes_.clear();
}

void Simulation::act(Session& session) {
    recount(session, session.ruling.standing);
    switch (session.ruling.standing) {
        case Standing::running: return session.ruling.evicted ? evict(session) : dispatch(session);
        case Standing::ended: stop(session); return refused(session);
        default: return;
    }
}

void Simulation::dispatch(Session& session) {
    const RequestId id = engine_id(session.slot, session.version);
    Engine& engine = engines_[index(session.ruling.endpoint)];
    const TraceRequest& request = *session.request;
    const auto rank = static_cast<int>(session.priority);
    session.engine = session.ruling.endpoint;
    if (engine.submit(id, request.prompt_tokens, session.output_tokens, rank, now_, request.lineage)) {
        return note_spread(*session.controller);
    }
    session.engine = kNoEndpoint;
    // Longer than the engine can ever hold: it rejects it, and a retry would not help.
    session.controller->finish(session, now_, changes_);
    over(session, Reason::bad_request, false);
}

void Simulation::note_spread(const Controller& controller) {
    std::uint32_t endpoints = 0;
    std::uint32_t sum = 0;
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < engines_.size(); ++i) {
        if (controller_of_endpoint_[i] != &controller) continue;
        const EngineCounts counts = engines_[i].counts();
        ++endpoints;
        sum += counts.running + counts.waiting;
        largest = std::max(largest, counts.running + counts.waiting);
    }
    if (endpoints > 1) spread_.add(largest, static_cast<double>(sum) / endpoints);
}

void Simulation::stop(Session& session) {
    if (session.engine == kNoEndpoint) return;
    Engine& engine = engines_[index(session.engine)];
    const RequestId id = engine_id(session.slot, session.version);
    const std::uint64_t tokens = engine.computed(id);
    session.computed += tokens;
    session.lost += tokens;
    engine.cancel(id);
    session.engine = kNoEndpoint;
}

void Simulation::evict(Session& session) {
    if (!session.present) return;
    stop(session);
    session.controller->finish(session, now_, changes_);
    // SDKs do not retry a stream that broke.
    over(session, Reason::evicted, false);
}

void Simulation::refused(Session& session) {
    record(Recorder::Event::refused, session);
    const Ruling& ruling = session.ruling;
    const auto& refusal = classes_[index(session.asking.cls)].config->refusal;
    const admission::Advice advice =
        ruling.retry_after > Duration::zero()
            ? admission::advise(ruling.reason, ruling.retry_after, refusal, random(session, 0))
            : admission::Advice{};
    const bool advised_against = advice.do_not_retry && config_.controller == "weir";
    if (!config_.retries || session.tries > kSdkRetries || advised_against) return over(session, ruling.reason, false);
    ++session.version;
    set_timer(now_ + sdk_delay(advice.retry_after, session.tries - 1, random(session, 1)), Due::retry, session.slot,
              session.version);
}

void Simulation::over(Session& session, Reason reason, bool served) {
    const TraceRequest& request = *session.request;
    Outcome outcome{session.asking.cls, request.arrival, reason,           served,       std::nullopt,
                    session.tries,      request.client,  session.computed, session.lost, session.degraded};
    if (served) record(Recorder::Event::served, session);
    if (!served && !is_shed(reason)) record(Recorder::Event::failed, session);
    recount(session, Standing::ended);
    if (session.answered) {
        outcome.first_token = session.first_token - kStart - request.arrival;
        outcome.prompt = session.prompt_tokens;
        outcome.cached = session.cached;
        outcome.cacheable = session.cacheable;
    }
    books_->add(outcome);
    last_ending_ = std::max(last_ending_, now_ - kStart);
    session.present = false;
    ++session.version;
    free_sessions_.push_back(session.slot);
}

void Simulation::give_up(Session& session) {
    Controller& controller = *session.controller;
    if (session.ruling.standing == Standing::waiting) {
        controller.leave(session, now_, changes_);
    } else {
        stop(session);
        controller.finish(session, now_, changes_);
    }
    over(session, Reason::client_gone, false);
}

void Simulation::lose(EndpointId endpoint) {
    set_available(endpoint, false);
    for (Session& session : sessions_) {
        if (!session.present || session.engine != endpoint) continue;
        stop(session);
        if (session.answered) {
            session.controller->finish(session, now_, changes_);
            over(session, Reason::backend_died, false);
        } else {
            session.controller->lose(session, now_, changes_);
            act(session);
        }
        settle();
    }
}

bool Simulation::is_lost(EndpointId endpoint) const {
    return std::any_of(config_.losses.begin(), config_.losses.end(), [&](const EndpointLoss& loss) {
        return loss.endpoint == endpoint && loss.window.has(now_ - kStart);
    });
}

void Simulation::set_available(EndpointId endpoint, bool available) {
    controller_of_endpoint_[index(endpoint)]->set_available(endpoint, available, now_, changes_);
    settle();
}

void Simulation::change_speed() {
    double speed = 1;
    for (const Slowdown& slowdown : config_.slowdowns) {
        if (slowdown.window.has(now_ - kStart)) speed *= slowdown.factor;
    }
    for (std::size_t i = 0; i < engines_.size(); ++i) {
        engines_[i].set_speed(speed * (i < config_.speeds.size() ? config_.speeds[i] : 1));
    }
}

void Simulation::recount(Session& session, Standing standing) {
    if (standing == session.counted) return;
    if (session.counted == Standing::waiting) --present_.waiting[index(session.asking.cls)];
    if (session.counted == Standing::running) {
        --present_.inflight;
        if (!session.answered) present_.prompts -= session.prompt_tokens;
    }
    if (standing == Standing::waiting) ++present_.waiting[index(session.asking.cls)];
    if (standing == Standing::running) {
        ++present_.inflight;
        present_.prompts += session.prompt_tokens;
    }
    session.counted = standing;
}

void Simulation::record(Recorder::Event event, const Session& session) {
    if (recorder_) recorder_->count(event, session.asking.cls, now_ - kStart);
}

void Simulation::take_snapshots(TimePoint instant) {
    // When all requests have ended, obsolete timers may still be pending.
    if (next_arrival_ == trace_.requests.size() && free_sessions_.size() == sessions_.size()) return;
    while (kStart + recorder_->next_sample() <= instant) recorder_->sample(snapshot());
}

Snapshot Simulation::snapshot() const {
    Snapshot snapshot;
    snapshot.waiting = present_.waiting;
    snapshot.inflight = present_.inflight;
    std::uint64_t kv_used = 0;
    for (const Engine& engine : engines_) kv_used += engine.counts().kv_used;
    const auto engines = static_cast<double>(engines_.size());
    snapshot.slots = engines * config_.engine.max_num_seqs;
    snapshot.kv = static_cast<double>(kv_used) / (engines * static_cast<double>(config_.engine.kv_tokens));
    snapshot.prompts = static_cast<double>(present_.prompts) / (engines * config_.engine.max_num_batched_tokens);
    for (const auto& controller : controllers_) {
        const Gauges gauges = controller->gauges(now_);
        snapshot.limit += gauges.limit;
        // The fullest of several backends: one's limits do not help another.
        snapshot.held_context = std::max(snapshot.held_context, gauges.context);
        snapshot.held_prompts = std::max(snapshot.held_prompts, gauges.prompts);
    }
    return snapshot;
}

void Simulation::set_timer(TimePoint at, Due due, std::uint32_t subject, std::uint32_t version) {
    timers_.push({at, timers_set_++, due, subject, version});
}

double Simulation::random(const Session& session, std::uint64_t question) const {
    return uniform(config_.seed, session.request->number, 2 * session.tries + question);
}

}  // namespace weir::simulate

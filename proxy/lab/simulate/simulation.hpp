#pragma once
// A trace in virtual time: clients, admission, engines, until the last request has ended.
//
// Clients come when the trace says, whatever became of those before them (open loop). A controller decides about each;
// what it runs is given to an engine, whose first tokens and endings come back. A refused client retries as the SDKs
// do; one without a first token for `give_up` leaves for good. An endpoint that is lost takes its requests with it:
// those without an answer go back to the controller, those in the middle of one have failed.
//
// At one instant engines go first, then queue timeouts, then timers, then arrivals; equals go in order of arrival. All
// randomness is drawn by request (random.hpp). The same configuration always gives the same run.
//
// What happens to a request costs O(log of those present); memory follows those present, not the trace.

#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "admission/degrade.hpp"
#include "lab/simulate/controllers.hpp"
#include "lab/simulate/engine.hpp"
#include "lab/simulate/gauge_feed.hpp"
#include "lab/simulate/surge.hpp"
#include "lab/simulate/tally.hpp"
#include "lab/simulate/trace.hpp"

namespace weir::simulate {

struct EndpointLoss {
    EndpointId endpoint = kNoEndpoint;
    Window window;
};

struct Slowdown {
    double factor = 1;  // of every engine's speed: 0.5 takes twice as long a step
    Window window;
};

struct SimulationConfig {
    std::vector<admission::JudgeConfig> backends;  // together: every class and every endpoint once, ids from 0 on
    EngineConfig engine;                           // behind every endpoint
    std::string controller = "weir";               // NAME[:key=value,...], as check_controller() takes them
    std::vector<std::vector<admission::DegradeRule>> degrade{};  // by ClassId
    std::vector<EndpointLoss> losses;
    std::vector<Slowdown> slowdowns;
    std::vector<double> speeds{};  // of each endpoint's engine; 1 for those beyond the last
    bool retries = true;
    Duration give_up = 30s;        // of each try, for its first token
    std::optional<Window> window;  // what is counted apart
    GaugeConfig gauges;            // the engines' as the controllers see them
    double estimate_error = 0;     // of the prompts as the controllers see them: log-normal with this sigma
    std::uint64_t seed = 1;
    bool timeline = false;  // also record how the run goes over time
};

// Called from time to time with the share of the trace that has arrived, 0 to 1.
using Progress = std::function<void(double)>;

class Simulation {
public:
    // `classes`: the class of each of the trace's hints. REQUIRES: `trace` outlives this.
    Simulation(SimulationConfig config, const Trace& trace, std::vector<ClassId> classes);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    // Plays the trace to its end. REQUIRES: called once.
    [[nodiscard]] Run run(const Progress& progress = {});

private:
    // A request of the trace with its tries: being tried, or between two tries.
    struct Session : Visit {
        const TraceRequest* request = nullptr;
        std::uint32_t slot = 0;
        std::uint32_t version = 0;  // of the try: a timer of an earlier one has no meaning
        std::uint32_t tries = 0;
        bool present = false;
        EndpointId engine = kNoEndpoint;  // where it is being served
        TimePoint first_token{};
        Controller* controller = nullptr;  // of the backend that this try is for
        bool degraded = false;             // this try asks for a cheaper answer
        std::uint64_t computed = 0;        // tokens, of all tries
        std::uint32_t cached = 0;          // prompt tokens of this try, as in Outcome
        std::uint32_t cacheable = 0;
        std::uint64_t lost = 0;                                   // of them, of tries that were cancelled or failed
        admission::Standing counted = admission::Standing::idle;  // how present_ counts it
    };
    // The requests that wait or run.
    struct Present {
        std::vector<std::uint32_t> waiting;  // by ClassId
        std::uint32_t inflight = 0;
        std::uint64_t prompts = 0;  // tokens, of those in flight without a first token
    };
    enum class Due : std::uint8_t { retry, give_up, lose, regain, change_speed };
    struct Timer {
        TimePoint at{};
        std::uint64_t order = 0;
        Due due = Due::retry;
        std::uint32_t subject = 0;  // a session's slot, an endpoint
        std::uint32_t version = 0;
        friend bool operator>(const Timer& a, const Timer& b) {
            return std::pair(a.at, a.order) > std::pair(b.at, b.order);
        }
    };
    struct ClassModel {
        const admission::ClassConfig* config = nullptr;
        Controller* controller = nullptr;
        std::vector<std::pair<std::string, Controller*>> fallback_routes;  // by the backend's name: where rules lead
    };

    [[nodiscard]] std::optional<TimePoint> next_instant() const;
    void run_engines();
    void hear(Session& session, const EngineEvent& event);
    void expire();
    void run_timers();
    void take_arrivals();

    void try_once(Session& session);
    // Applies the class's `degrade` rules to this try.
    void degrade(Session& session);
    // Acts on every changed ruling, until no more change.
    void settle();
    void act(Session& session);
    void dispatch(Session& session);
    void note_spread(const Controller& controller);
    // Takes it out of its engine, if it is in one.
    void stop(Session& session);
    // Takes a running request off its engine for good.
    void evict(Session& session);
    void refused(Session& session);
    void over(Session& session, Reason reason, bool served);
    void give_up(Session& session);
    void lose(EndpointId endpoint);
    [[nodiscard]] bool is_lost(EndpointId endpoint) const;
    void set_available(EndpointId endpoint, bool available);
    void change_speed();

    void recount(Session& session, admission::Standing standing);
    void record(Recorder::Event event, const Session& session);
    // Takes the snapshots that are due before `instant`.
    void take_snapshots(TimePoint instant);
    [[nodiscard]] Snapshot snapshot() const;

    [[nodiscard]] Session& admit_session(const TraceRequest& request);
    void set_timer(TimePoint at, Due due, std::uint32_t subject, std::uint32_t version);
    [[nodiscard]] double random(const Session& session, std::uint64_t question) const;

    SimulationConfig config_;
    const Trace& trace_;
    std::vector<ClassId> class_of_hint_;
    std::vector<std::unique_ptr<Controller>> controllers_;  // by backend
    std::vector<ClassModel> classes_;                       // by ClassId
    std::vector<Controller*> controller_of_endpoint_;       // by EndpointId
    std::vector<Engine> engines_;                           // by EndpointId
    std::optional<GaugeFeed> gauges_;                       // of engines_
    PrefixCache ideal_;                                     // one for all, without bound
    Spread spread_;
    std::deque<Session> sessions_;
    std::vector<std::uint32_t> free_sessions_;
    std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
    std::vector<EngineEvent> events_;
    VisitChanges changes_;
    std::unique_ptr<Books> books_;
    std::optional<Recorder> recorder_;
    Present present_;
    TimePoint now_;
    std::size_t next_arrival_ = 0;
    std::uint64_t timers_set_ = 0;
    Duration last_ending_{};
};

}  // namespace weir::simulate

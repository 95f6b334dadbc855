#pragma once
// A request as the judge sees it, from its arrival to its last byte.

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <optional>

#include "admission/decision.hpp"
#include "admission/rate_limit/meter.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace weir::admission {

// A keyed hash of the caller's identity: a key's name, a certificate's name or a network prefix.
using ClientKey = std::uint64_t;

// Where a class's client table counts a request.
enum class ClientSlot : std::uint32_t {};
inline constexpr ClientSlot kNoClientSlot{0xFFFF'FFFF};

// What the judge needs to know about a request.
struct Ask {
    ClassId cls = kNoClass;
    ClientKey client = 0;
    bool retry = false;                 // an SDK's retry: queues behind first tries of its class
    std::optional<TimePoint> deadline;  // the client's own: an answer after it is useless
    std::uint16_t cohort = 0;           // its client's current one: classify/cohort.hpp
    std::uint32_t prompt_tokens = 0;    // in(x): LLM tokens that the engine computes before the answer's first
    bool streams = false;               // its first token will be observed when it comes
    bool can_wait = true;               // false: it runs now, or is refused now
    std::uint32_t output_tokens = 0;    // the most its answer may take; only token limits look at it
    std::uint32_t video_seconds = 0;    // the length it asks for; only limits on video look at it
    // It costs the engine next to nothing, and must not wait for requests that do: limits and queue do not apply.
    bool bypasses_queue = false;
    // For one that bypasses the queue: the only endpoint that can answer it, if available.
    EndpointId endpoint = kNoEndpoint;
    bool can_be_cut = false;  // its answer can be cut short, where its class is preemptible
    // While no endpoint is available it is refused, where others wait for one to come back.
    bool fails_when_down = false;
    std::uint64_t affinity = 0;        // the same for requests of one conversation; 0: not known
    std::optional<TimePoint> since{};  // when it arrived, where that was at another judge; its wait counts from there
};

enum class Standing : std::uint8_t {
    idle,     // not yet submitted to the judge
    waiting,  // in the queue
    running,  // dispatched: it holds a slot of decision.endpoint, unless it is served elsewhere
    ended,    // refused, expired, finished or left
};

// Where a request stands in the one order of its class: smaller is served sooner and shed later. Fixed at arrival.
struct Key {
    bool over = false;          // its client has more than its share
    bool retry = false;         // it has been refused before
    std::uint64_t turn = 0;     // its client's: a cohort, or a start tag
    std::uint64_t arrival = 0;  // a sequence number

    friend auto operator<=>(const Key&, const Key&) = default;
};

// How a running request ended, as far as that says something about its endpoint.
enum class Ending : std::uint8_t {
    ignored,  // nothing is known, or it ended for reasons of its own
    success,  // a good answer
    failure,  // an error, or no answer
};

// What a running request takes from its endpoint.
struct Load {
    boost::intrusive::list_member_hook<> in_unseen;  // prompts whose first token cannot be observed
    std::uint32_t prompt_tokens = 0;
    std::uint64_t prompts_ahead = 0;    // pf at its dispatch, including itself
    std::uint32_t streamed = 0;         // LLM tokens of the answer so far
    std::uint32_t expected = 0;         // LLM tokens that answers of its class usually come to
    std::uint64_t number = 0;           // of its dispatch, on its endpoint
    std::uint64_t quota_number = 0;     // the same, for the learner of a quota; 0: there is none
    TimePoint since{};                  // its dispatch
    std::optional<TimePoint> answered;  // its first token
    bool pending = false;               // its prompt counts among those without a first token
    bool streams = true;                // its first token will be observed
    bool best = true;                   // no better class sent requests at its dispatch
    TimePoint unseen_until{};           // where it will not: its prompt counts as done then
    bool trial = false;                 // the one request of an endpoint on trial
    Ending ending = Ending::ignored;

    // LLM tokens that usually still come.
    [[nodiscard]] std::uint32_t to_come() const { return expected > streamed ? expected - streamed : 0; }
};

// A request's refusals by quotas that are learned.
struct OverQuota {
    EndpointId endpoint = kNoEndpoint;  // of the last one
    std::uint64_t sent = 0;             // the number of the request as it was sent then
    std::uint32_t alone = 0;            // refusals although others that were sent since that were accepted
};

// Owned by the code that serves the request; the judge links it into its queues without allocating.
class Place {
public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    [[nodiscard]] Standing standing() const { return standing_; }
    // The judge's final decision; while waiting, the interim one. REQUIRES: not idle.
    [[nodiscard]] const Decision& decision() const { return decision_; }
    [[nodiscard]] const Ask& ask() const { return ask_; }
    [[nodiscard]] TimePoint arrived() const { return arrived_; }
    // Until then it may wait.
    [[nodiscard]] TimePoint expires() const { return expires_; }
    // To be called before finish(), or before requeue(). Until then nothing is known. REQUIRES: running.
    void set_ending(Ending ending) { load_.ending = ending; }
    // Running, and to be cut short at once: a better class needs the slot. The code that serves it calls finish().
    [[nodiscard]] bool evicted() const { return evicted_; }
    // Why. REQUIRES: evicted.
    [[nodiscard]] const Decision& eviction() const { return eviction_; }
    // Running by a slot of another judge; this one holds its reservation.
    [[nodiscard]] bool is_elsewhere() const { return elsewhere_; }

private:
    friend class Judge;
    friend class Queue;
    friend class ExpiryOrder;
    friend class RunningOrder;

    boost::intrusive::set_member_hook<> in_queue_;
    boost::intrusive::set_member_hook<> in_expiry_;
    boost::intrusive::list_member_hook<> in_running_;
    Ask ask_;
    Key key_;
    TimePoint arrived_{};
    TimePoint expires_{};
    Decision decision_;
    Decision eviction_;  // apart from decision_, which the serving code reads while it runs
    Load load_;
    Reservation reservation_;
    OverQuota over_quota_;
    EndpointId lost_ = kNoEndpoint;  // the endpoint it came back from: any other that fits is preferred
    ClientSlot client_slot_ = kNoClientSlot;
    Standing standing_ = Standing::idle;
    bool past_gate_ = false;  // in shadow: it runs although it would have had to wait
    bool evicted_ = false;
    bool unreachable_ = false;  // lost_ could not be connected to
    bool elsewhere_ = false;
};

}  // namespace weir::admission

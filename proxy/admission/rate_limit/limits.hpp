#pragma once
// The limits of one class: what it may use as a whole, and what each of its clients may.
//
// Both have the same limits, each optional: concurrency; a rate of requests; rates of LLM tokens, for prompts, for
// answers, or for both together; and a rate of video. A client over its own limits is refused for those and costs the
// class nothing. All are checked before any is charged, so a refusal consumes nothing.
//
// Tokens are known only once they have been spent, so a request reserves what it may use (its prompt as estimated, the
// longest answer it allows), in both scopes at once or not at all:
//
//   passes     if missing + held + estimate <= burst in every bucket; an estimate above the burst counts as the burst
//   spends     what has become known: the prompt with the first token, the answer as it streams. What is spent is no
//              longer held; beyond the estimate it is a debt
//   settles    with the actual amount: what is still held is released; overcharges are refunded unless the bucket has
//              been full since; undercharges are charged
//
// So requests that run together never reserve more than a bucket holds, and what they spend in any period is at most
// what its rate allows, plus its burst, plus what they used beyond their estimates.
//
// A limit in shadow is checked like any other but refuses nothing, and never hides a live one behind it. Its buckets
// are charged only when they have enough: they hold what they would hold if it were enforced. Concurrency counts
// requests actually present, in shadow or not.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <optional>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"
#include "admission/rate_limit/client_table.hpp"
#include "admission/rate_limit/meter.hpp"

namespace weir::admission {

// A limit that a request is over.
struct Excess {
    Gate gate = Gate::none;
    Reason reason = Reason::admitted;
    double limit = 0;
    double observed = 0;
    Duration wait{};  // until it would pass, if no other request comes
};

class ClassLimits {
public:
    ClassLimits(const ClassConfig& config, std::uint32_t client_table, TimePoint now);

    // The first live limit and the first shadow limit that one more request of this client would be over.
    struct Finding {
        std::optional<Excess> live;
        std::optional<Excess> shadow;
    };
    [[nodiscard]] Finding check(ClientKey key, TimePoint now, const Tokens& estimate = {}) const;

    // Counts a request as present, until `leave`. REQUIRES: nothing live was found.
    [[nodiscard]] ClientSlot enter(ClientKey client, TimePoint now);
    // Charges the buckets for a request that was accepted, and reserves its tokens.
    void charge(ClientSlot slot, TimePoint now, const Tokens& estimate, Reservation& reservation);
    // `spent` is the total so far, as far as known. REQUIRES: not less than before.
    void spend(ClientSlot slot, Reservation& reservation, const Tokens& spent, TimePoint now);
    // `spent` is the final total.
    void settle(ClientSlot slot, Reservation& reservation, const Tokens& spent, TimePoint now);
    // REQUIRES: settled, or never charged.
    void leave(ClientSlot slot);
    // A client with requests present. REQUIRES: `slot` was entered and not left.
    [[nodiscard]] Client& client(ClientSlot slot) { return clients_.at(slot); }

    // What a client has left of each limit now, the tighter of its own and the class's.
    [[nodiscard]] Allowance allowance(ClientKey key, TimePoint now) const;

    // Puts new limits in force: counts stay, buckets keep their fill. A rate that was not there before starts full.
    void reconfigure(const ClassConfig& config, TimePoint now);

    [[nodiscard]] double fill(TimePoint now) const;  // of the class's emptiest bucket; 1 without one
    [[nodiscard]] const ClientTable& clients() const { return clients_; }
    // Whether any limit is on what a request spends: tokens or video.
    [[nodiscard]] bool meters_spending() const { return class_limit_.meters_spending || client_limit_.meters_spending; }

private:
    struct Limit {
        explicit Limit(const LimitConfig& config);
        PerMeter<std::optional<BucketRate>> rates;
        std::optional<std::uint32_t> concurrency;
        bool shadow = false;
        bool meters_spending = false;
    };
    // The gates and reasons of a scope.
    struct Words;
    static const Words kClassWords;
    static const Words kClientWords;

    static std::optional<Excess> excess(const Limit& limit, const Client& client, const Words& words, TimePoint now,
                                        const Tokens& estimate);
    static std::optional<Excess> rate_excess(const Limit& limit, const Client& client, const Words& words,
                                             TimePoint now, const Tokens& estimate);
    static void reserve(const Limit& limit, Client& client, TimePoint now, const Tokens& estimate, ScopeHold& hold);
    static void account(const Limit& limit, Client& client, ScopeHold& hold, const Tokens& before, const Tokens& after,
                        TimePoint now);
    static void release(Client& client, ScopeHold& hold);

    Limit class_limit_;
    Limit client_limit_;
    Client whole_;  // the class, counted like one client
    ClientTable clients_;
};

}  // namespace weir::admission

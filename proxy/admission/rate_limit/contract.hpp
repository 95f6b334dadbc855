#pragma once
// The contract of one class: what it may ask for as a whole, and what each of its clients may.
//
// Four limits, each optional: the client's concurrency and rate, then the class's. A client over its own limits is told
// so and costs the class nothing. All are asked before any is charged, so a refusal consumes nothing.
//
// A limit in shadow is asked like any other but refuses nothing, and never hides a live one behind it. Its bucket is
// charged only when it had the token: it stays what it would be if it were enforced. Concurrency counts what is really
// present, shadow or not.
//
// Not thread-safe: the judge's lock covers it.

#include <cstdint>
#include <optional>

#include "admission/config.hpp"
#include "admission/decision.hpp"
#include "admission/place.hpp"
#include "admission/rate_limit/client_table.hpp"
#include "admission/rate_limit/token_bucket.hpp"

namespace weir::admission {

// A limit that a request is over.
struct Excess {
    Gate gate = Gate::none;
    Reason reason = Reason::admitted;
    double limit = 0;
    double observed = 0;
    Duration wait{};  // until it would pass, if nobody else comes
};

class Contract {
public:
    Contract(const ClassConfig& config, std::uint32_t client_table, TimePoint now);

    // The first live limit and the first shadow limit that one more request of this client would be over.
    struct Finding {
        std::optional<Excess> live;
        std::optional<Excess> shadow;
    };
    [[nodiscard]] Finding check(ClientKey key, TimePoint now) const;

    // Counts a request as present, until `leave`. REQUIRES: nothing live was found.
    [[nodiscard]] ClientSlot enter(ClientKey client, TimePoint now);
    // Charges the buckets for a request that was let in.
    void charge(ClientSlot slot, TimePoint now);
    void leave(ClientSlot slot);
    // A client that is present. REQUIRES: `slot` was entered and not left.
    [[nodiscard]] Client& client(ClientSlot slot) { return clients_.at(slot); }

    // Puts new limits in force: counts stay, buckets keep their fill. A rate that was not there before starts full.
    void reconfigure(const ClassConfig& config, TimePoint now);

    [[nodiscard]] double fill(TimePoint now) const;  // of the class's bucket; 1 without one
    [[nodiscard]] const ClientTable& clients() const { return clients_; }

private:
    struct Limit {
        explicit Limit(const LimitConfig& config);
        std::optional<BucketRate> rate;
        std::optional<std::uint32_t> concurrency;
        bool shadow = false;
    };

    Limit class_limit_;
    Limit client_limit_;
    Client whole_;  // the class, counted like one client
    ClientTable clients_;
};

}  // namespace weir::admission

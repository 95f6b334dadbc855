#pragma once
// A request in the judge's eyes, from its arrival to its last byte.

#include <boost/intrusive/set_hook.hpp>
#include <cstdint>
#include <optional>

#include "admission/decision.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace weir::admission {

// A keyed hash of who is calling: a key's name, a certificate's subject or a network prefix.
using ClientKey = std::uint64_t;

// Where a class's client table counts a request.
enum class ClientSlot : std::uint32_t {};
inline constexpr ClientSlot kNoClientSlot{0xFFFF'FFFF};

// What the judge needs to know of a request.
struct Ask {
    ClassId cls = kNoClass;
    ClientKey client = 0;
    bool retry = false;                 // an SDK's retry: stands behind first tries of its class
    std::optional<TimePoint> deadline;  // the client's own: after it an answer is of no use
};

enum class Standing : std::uint8_t {
    idle,     // the judge has not seen it
    waiting,  // in line
    running,  // dispatched: it holds a slot of decision.endpoint
    ended,    // refused, expired, finished or left
};

// Where a request stands in the one order of its class: smaller is served sooner and shed later.
struct Key {
    bool retry = false;
    std::uint64_t arrival = 0;  // a running number

    friend auto operator<=>(const Key&, const Key&) = default;
};

// Owned by whoever serves the request; the judge links it into its lines without allocating.
class Place {
public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    [[nodiscard]] Standing standing() const { return standing_; }
    // The judge's last word; while waiting, what holds until then. REQUIRES: not idle.
    [[nodiscard]] const Decision& decision() const { return decision_; }
    [[nodiscard]] const Ask& ask() const { return ask_; }
    [[nodiscard]] TimePoint arrived() const { return arrived_; }

private:
    friend class Judge;
    friend class Line;
    friend class ExpiryOrder;

    boost::intrusive::set_member_hook<> in_line_;
    boost::intrusive::set_member_hook<> in_expiry_;
    Ask ask_;
    Key key_;
    TimePoint arrived_{};
    TimePoint expires_{};
    Decision decision_;
    EndpointId lost_ = kNoEndpoint;  // the endpoint it came back from: any other that fits is tried before
    ClientSlot client_slot_ = kNoClientSlot;
    Standing standing_ = Standing::idle;
    bool past_gate_ = false;  // in shadow: it runs although it would have had to wait
};

}  // namespace weir::admission

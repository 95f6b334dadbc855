#pragma once
// Why a request is not served. A value: a step that refuses returns it; the first one stands and cannot be overwritten.

#include <memory>
#include <string_view>

#include "admission/decision.hpp"
#include "base/reason.hpp"
#include "base/time.hpp"
#include "downstream/transfer/dispatch.hpp"
#include "downstream/transfer/relay.hpp"

namespace weir::downstream {

struct Refusal {
    Reason reason = Reason::internal_error;
    std::string_view detail{};  // what is wrong with this request; static storage; may be empty
    Duration retry_after{};     // zero: the class's own
    // What decided, if the judge did: for the record.
    std::string_view gate{};
    double limit = 0;
    double observed = 0;
};

// Null: continue. A pointer, because a waiting request has several of these in its frames, and hardly ever a refusal.
using Passed = std::unique_ptr<const Refusal>;

[[nodiscard]] inline Passed refused(const Refusal& why) { return std::make_unique<const Refusal>(why); }
[[nodiscard]] inline Passed refused(Reason reason, std::string_view detail = {}) {
    return refused(Refusal{reason, detail});
}
[[nodiscard]] Passed refused(const admission::Decision& decision);

// The reason that the client gets for an attempt, or an answer, that ended like this.
[[nodiscard]] Reason reason_of(DispatchEnd end);
[[nodiscard]] Reason reason_of(RelayEnd end);

}  // namespace weir::downstream

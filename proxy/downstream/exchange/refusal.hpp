#pragma once
// Why a request is not served. A value: a step that refuses returns it, the first one stands, and nothing overwrites
// it.

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
    std::string_view detail{};  // what is wrong with this very request; static storage; may be empty
    Duration retry_after{};     // zero: the class's own
    // What decided, where the judge did: for the record.
    std::string_view gate{};
    double limit = 0;
    double observed = 0;
};

// Null: go on. A pointer, as a request that waits has room for several of them in its frames, and hardly ever one.
using Passed = std::unique_ptr<const Refusal>;

[[nodiscard]] inline Passed refused(const Refusal& why) { return std::make_unique<const Refusal>(why); }
[[nodiscard]] inline Passed refused(Reason reason, std::string_view detail = {}) {
    return refused(Refusal{reason, detail});
}
[[nodiscard]] Passed refused(const admission::Decision& decision);

// What the client is told of an attempt, or of an answer, that ended so.
[[nodiscard]] Reason reason_of(DispatchEnd end);
[[nodiscard]] Reason reason_of(RelayEnd end);

}  // namespace weir::downstream

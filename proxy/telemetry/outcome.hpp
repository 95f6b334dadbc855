#pragma once
// How a request ended, in the six words of weir_requests_total, and whether it met its class's objective.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/reason.hpp"
#include "telemetry/record.hpp"

namespace weir::telemetry {

enum class Outcome : std::uint8_t {
    served,         // the backend's answer was passed on, whatever its status
    shed,           // refused by the judge: weir_shed_total has the reason
    rejected,       // the request itself was at fault
    backend_error,  // admitted, but the backend failed
    client_gone,    // the client left or stopped reading
    internal,       // Weir's own state: draining, memory, a fault
};
inline constexpr auto kOutcomeNames =
    std::to_array<std::string_view>({"served", "shed", "rejected", "backend_error", "client_gone", "internal"});
inline constexpr std::size_t kOutcomeCount = kOutcomeNames.size();

[[nodiscard]] Outcome outcome_of(Reason reason);

// The availability and speed that a class promises, as one ratio: good / valid.
//
//   good      a first byte within the objective, and an answer that the backend finished. An answer without a body is
//             measured by its end.
//   bad       a later first byte; a refusal for overload; a failure of the backend or of Weir; a status of 500 or more,
//             or 429, from the backend; a client that left without a first byte after the objective had passed
//   excluded  everything that the caller caused: exceeded limits, a malformed request, any other status of 400 or more,
//             a client that left before its answer was due
enum class SloVerdict : std::uint8_t { excluded, bad, good };

// REQUIRES: objective > 0.
[[nodiscard]] SloVerdict judge_slo(const Record& record, Duration objective);

}  // namespace weir::telemetry

#include "telemetry/outcome.hpp"

namespace weir::telemetry {
namespace {

SloVerdict judge_served(const Record& record, Duration objective) {
    if (record.status >= 500 || record.status == 429) return SloVerdict::bad;
    if (record.status >= 400) return SloVerdict::excluded;
    const Duration until_answer = record.first_byte > Duration::zero() ? record.first_byte : record.duration;
    return until_answer <= objective ? SloVerdict::good : SloVerdict::bad;
}

SloVerdict judge_gone(const Record& record, Duration objective) {
    if (record.first_byte > Duration::zero()) return judge_served(record, objective);
    return record.duration > objective ? SloVerdict::bad : SloVerdict::excluded;
}

}  // namespace

Outcome outcome_of(Reason reason) {
    switch (group(reason)) {
        case ReasonGroup::admitted: return Outcome::served;
        case ReasonGroup::limits:
        case ReasonGroup::overload: return Outcome::shed;
        case ReasonGroup::request: return Outcome::rejected;
        case ReasonGroup::backend: return Outcome::backend_error;
        case ReasonGroup::client: return Outcome::client_gone;
        case ReasonGroup::internal: break;
    }
    return Outcome::internal;
}

SloVerdict judge_slo(const Record& record, Duration objective) {
    switch (group(record.reason)) {
        case ReasonGroup::admitted: return judge_served(record, objective);
        case ReasonGroup::client: return judge_gone(record, objective);
        case ReasonGroup::limits:
        case ReasonGroup::request: return SloVerdict::excluded;
        case ReasonGroup::overload:
        case ReasonGroup::backend:
        case ReasonGroup::internal: break;
    }
    return SloVerdict::bad;
}

}  // namespace weir::telemetry

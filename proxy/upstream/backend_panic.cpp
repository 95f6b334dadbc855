// Panic: no endpoint is thought to work, and requests would only wait until they time out. Where one of them may still
// answer, it is better to try it. Where none can be reached, requests wait as usual, because endpoints come back.

#include <spdlog/spdlog.h>

#include <algorithm>

#include "upstream/backend.hpp"

namespace weir::upstream {
namespace {

constexpr Duration kLately = std::chrono::seconds(10);

bool cannot_be_reached(DownReason reason) {
    switch (reason) {
        case DownReason::no_address:
        case DownReason::refused:
        case DownReason::certificate:
        case DownReason::tls: return true;
        default: return false;
    }
}

}  // namespace

bool Backend::may_still_work(Endpoint& endpoint, TimePoint now) {
    const std::lock_guard lock(endpoint.mutex_);
    const bool checked = !endpoint.health_.probes_up();
    const WhyDown& fault = checked ? endpoint.check_fault_ : endpoint.fault_;
    if (endpoint.health_.drained() || cannot_be_reached(fault.reason)) return false;
    if (!checked) return true;
    // With 503, or without the text, a server says that it is not ready; any other answer may come from a check that
    // asks for the wrong thing. Silence may mean that the server is only busy, if it still sends answers.
    if (fault.reason == DownReason::text) return false;
    if (fault.reason == DownReason::status) return fault.detail != "503";
    return endpoint.heard_at() + kLately > now;
}

Endpoint* Backend::least_sick(TimePoint now) const {
    Endpoint* best = nullptr;
    std::uint32_t fewest = 0;
    for (const auto& endpoint : endpoints_) {
        if (!may_still_work(*endpoint, now)) continue;
        const std::lock_guard lock(endpoint->mutex_);
        const std::uint32_t failures = endpoint->health_.failures();
        if (best != nullptr && failures >= fewest) continue;
        best = endpoint.get();
        fewest = failures;
    }
    return best;
}

void Backend::settle_panic(TimePoint now) {
    const bool any = std::any_of(endpoints_.begin(), endpoints_.end(), [](const auto& endpoint) {
        const std::lock_guard lock(endpoint->mutex_);
        return endpoint->health_.available();
    });
    Endpoint* const chosen = any ? nullptr : least_sick(now);
    const bool panic = chosen != nullptr;
    if (panic_.exchange(panic) != panic) {
        if (panic) {
            spdlog::warn("backend {}: no endpoint is thought to work; requests go to {}, which may", config_.name,
                         chosen->config().url);
        } else {
            spdlog::info("backend {}: the panic is over", config_.name);
        }
    }
    for (const auto& endpoint : endpoints_) set_panic(*endpoint, endpoint.get() == chosen, now);
}

}  // namespace weir::upstream

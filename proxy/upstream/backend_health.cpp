// What requests, probes and operators say about endpoints.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "upstream/backend.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFewestRequests = 10;  // a ratio of fewer says nothing
constexpr double kClearlyBetter = 0.5;         // times the ratio of failures
constexpr Duration kCompareEvery = 1s;

// It says that it cannot serve; any other error may be the fault of what was asked.
bool says_unavailable(int status) { return (status >= 502 && status <= 504) || status == 529; }

Duration median_of(std::vector<Duration> times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

}  // namespace

template <typename Change>
void Backend::change(Endpoint& endpoint, TimePoint now, Change apply) {
    Intake before;
    Intake after;
    bool panics = false;
    std::string why;
    const Duration slow_start = slow_start_of(endpoint);
    {
        const std::lock_guard lock(endpoint.mutex_);
        before = endpoint.intake_;
        HealthState& health = endpoint.health_;
        panics = health.in_panic();
        apply(health);
        panics |= health.in_panic();
        after = health.intake(slow_start, now);
        after.share *= static_cast<double>(endpoint.config().weight) / heaviest_;
        endpoint.intake_ = after;
        endpoint.available_.store(after.open, std::memory_order_relaxed);
        endpoint.ejected_.store(health.ejected(), std::memory_order_relaxed);
        endpoint.slow_.store(health.starts_slowly(config_.slow_start, now), std::memory_order_relaxed);
        endpoint.failing_.store(health.failures() > 0 || health.on_trial(), std::memory_order_relaxed);
        if (before.open && !after.open) {
            endpoint.epoch_.fetch_add(1, std::memory_order_relaxed);
            const WhyDown& fault = health.probes_up() ? endpoint.fault_ : endpoint.check_fault_;
            // It was reached and is down all the same: its answers were failures.
            const bool reached = fault.reason == DownReason::none;
            endpoint.why_down_ = reached ? WhyDown{DownReason::requests} : fault;
            if (health.drained()) endpoint.why_down_ = {DownReason::operator_, health.hand()->why};
            why = endpoint.why_down_.text();
        }
    }
    if (before == after) return;
    if (!panics) log_change(endpoint, before, after, why);
    report(endpoint);
    if (before.open && !after.open) settle_panic(now);
}

// Two threads may change it at the same instant. Each reports what is then true, one after the other: a late report of
// what was before would otherwise stand.
void Backend::report(Endpoint& endpoint) const {
    const std::lock_guard lock(endpoint.reporting_);
    on_intake_(endpoint.id(), endpoint.intake());
}

void Backend::log_change(const Endpoint& endpoint, const Intake& before, const Intake& after,
                         const std::string& why) const {
    const std::string& url = endpoint.config().url;
    if (before.open && !after.open) {
        spdlog::warn("backend {}: endpoint {} is down: {}", config_.name, url, why);
    } else if (after.open && after.trial && !before.trial) {
        spdlog::info("backend {}: endpoint {} is tried again, with one request at a time", config_.name, url);
    } else if (after.open && !after.trial && (!before.open || before.trial)) {
        spdlog::info("backend {}: endpoint {} is up", config_.name, url);
    }
}

Duration Backend::slow_start_of(const Endpoint& endpoint) const {
    const auto takes_the_rest = [&](const auto& other) {
        return other.get() != &endpoint && available(*other) && !other->slow_.load(std::memory_order_relaxed) &&
               !other->ejected_.load(std::memory_order_relaxed);
    };
    return std::any_of(endpoints_.begin(), endpoints_.end(), takes_the_rest) ? config_.slow_start : Duration{};
}

void Backend::answered(Endpoint& endpoint, int status, TimePoint now) {
    endpoint.counters.answers[answer_code(status)].fetch_add(1, std::memory_order_relaxed);
    if (is_endpoint_error(status)) {
        endpoint.counters.failed.fetch_add(1, std::memory_order_relaxed);
        count_failure(endpoint, says_unavailable(status), now);
    }
}

void Backend::began(Endpoint& endpoint, TimePoint now) {
    endpoint.heard(now);
    if (!endpoint.failing_.load(std::memory_order_relaxed)) return;
    change(endpoint, now, [&](HealthState& health) {
        if (health.on_trial()) endpoint.window_.restart(endpoint.answer_counts());
        health.request_succeeded(now);
    });
}

void Backend::completed(Endpoint& endpoint, TimePoint now) {
    endpoint.counters.succeeded.fetch_add(1, std::memory_order_relaxed);
    began(endpoint, now);
}

void Backend::request_timed_out(Endpoint& endpoint, TimePoint since, TimePoint now) {
    endpoint.counters.failed.fetch_add(1, std::memory_order_relaxed);
    // Then the requests ask for long answers, or prompts wait in the endpoint's queue.
    if (since > now || endpoint.heard_at() >= since) return;
    bool counts = false;
    change(endpoint, now, [&](HealthState& health) { counts = health.timed_out(since, now); });
    if (counts) count_failure(endpoint, true, now);
}

void Backend::request_failed(Endpoint& endpoint, TimePoint now) {
    endpoint.counters.failed.fetch_add(1, std::memory_order_relaxed);
    count_failure(endpoint, true, now);
}

void Backend::count_failure(Endpoint& endpoint, bool unavailable, TimePoint now) {
    endpoint.counters.faults.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(ejecting_);
    const bool outlier = is_outlier(endpoint);
    const bool may = may_eject(endpoint);
    const bool in_a_row = may && (unavailable || others_do_better(endpoint, endpoint.answer_counts()));
    bool ejected = false;
    change(endpoint, now, [&](HealthState& health) {
        ejected = health.request_failed(config_.ejection, in_a_row, now);
        if (ejected || health.ejected() || !may || !outlier) return;
        health.eject(config_.ejection.duration, now);
        ejected = true;
    });
    if (ejected) endpoint.counters.ejections.fetch_add(1, std::memory_order_relaxed);
}

AnswerCounts Backend::recent(Endpoint& endpoint) {
    const std::lock_guard lock(endpoint.mutex_);
    return endpoint.window_.recent(endpoint.answer_counts());
}

bool Backend::is_outlier(Endpoint& endpoint) const {
    const EjectionConfig& config = config_.ejection;
    if (config.failures == 0 || config.error_ratio == 0) return false;
    const AnswerCounts own = recent(endpoint);
    if (own.all() < kFewestRequests || own.failure_ratio() < config.error_ratio) return false;
    return others_do_better(endpoint, own);
}

bool Backend::is_at_fault(Endpoint& endpoint) const {
    const AnswerCounts own = recent(endpoint);
    if (own.failed < 2 && !endpoint.ejected_.load(std::memory_order_relaxed)) return false;
    return others_do_better(endpoint, own);
}

bool Backend::others_do_better(Endpoint& endpoint, const AnswerCounts& own) const {
    AnswerCounts others;
    for (const auto& other : endpoints_) {
        if (other.get() == &endpoint || !available(*other)) continue;
        others += recent(*other);
    }
    return others.all() >= kFewestRequests && others.failure_ratio() <= kClearlyBetter * own.failure_ratio();
}

bool Backend::may_eject(const Endpoint& endpoint) const {
    std::size_t ejected = 0;
    std::size_t left = 0;
    for (const auto& other : endpoints_) {
        if (other.get() == &endpoint) continue;
        const bool out = other->ejected_.load(std::memory_order_relaxed);
        ejected += out ? 1 : 0;
        left += available(*other) && !out ? 1 : 0;
    }
    const double most = config_.ejection.max_ejected * static_cast<double>(endpoints_.size());
    return left > 0 && (ejected == 0 || static_cast<double>(ejected + 1) <= most);
}

void Backend::first_token(Endpoint& endpoint, Duration time, TimePoint now) const {
    if (config_.ejection.slow_first_token > 0) endpoint.first_tokens_.add(time, now);
}

void Backend::eject_slow(TimePoint now) {
    if (config_.ejection.slow_first_token == 0) return;
    if (now.time_since_epoch().count() - compared_at_ < kCompareEvery.count()) return;
    compared_at_ = now.time_since_epoch().count();
    for (const auto& endpoint : endpoints_) {
        const auto own = endpoint->first_tokens_.median(now);
        if (!own || endpoint->ejected_) continue;
        std::vector<Duration> others;
        for (const auto& other : endpoints_) {
            if (other == endpoint || !available(*other)) continue;
            if (const auto median = other->first_tokens_.median(now)) others.push_back(*median);
        }
        if (others.empty() || *own <= config_.ejection.slow_first_token * median_of(std::move(others))) continue;
        const std::lock_guard lock(ejecting_);
        if (!may_eject(*endpoint)) continue;
        endpoint->first_tokens_.clear();
        endpoint->counters.ejections.fetch_add(1, std::memory_order_relaxed);
        change(*endpoint, now, [&](HealthState& health) { health.eject(config_.ejection.duration, now); });
    }
}

void Backend::probed(Endpoint& endpoint, bool success, TimePoint now) {
    if (!success) endpoint.counters.probe_failures.fetch_add(1, std::memory_order_relaxed);
    change(endpoint, now,
           [&](HealthState& health) { health.probed(success, config_.health.value_or(HealthConfig{}), now); });
}

void Backend::located(Endpoint& endpoint, std::vector<net::SocketAddress> addresses, TimePoint now) {
    if (addresses.empty()) endpoint.note_fault({DownReason::no_address});
    endpoint.set_addresses(std::move(addresses));
    const bool has_address = !endpoint.addresses().empty();
    change(endpoint, now, [&](HealthState& health) { health.located(has_address); });
}

void Backend::set_by_hand(Endpoint& endpoint, std::optional<HandSetting> setting, TimePoint now) {
    const std::optional<HandSetting> before = endpoint.hand();
    spdlog::info("backend {}: endpoint {}: by hand from `{}` to `{}`{}", config_.name, endpoint.config().url,
                 before ? before->text() : "nothing", setting ? setting->text() : "nothing",
                 setting && !setting->why.empty() ? ": " + setting->why : "");
    change(endpoint, now, [&](HealthState& health) { health.set_hand(std::move(setting), now); });
    settle_panic(now);
}

void Backend::tick(TimePoint now) {
    for (const auto& endpoint : endpoints_) {
        std::optional<HandSetting> over;
        change(*endpoint, now, [&](HealthState& health) {
            endpoint->window_.tick(endpoint->answer_counts(), now);
            over = health.hand();
            health.tick(now);
            if (health.hand()) over.reset();
            // A reload may have removed the probes that would find it up again.
            if (!config_.health) health.forget_probes();
        });
        if (!over) continue;
        spdlog::info("backend {}: endpoint {}: by hand from `{}` to `nothing`: its time is over", config_.name,
                     endpoint->config().url, over->text());
    }
    eject_slow(now);
    settle_panic(now);
}

void Backend::set_panic(Endpoint& endpoint, bool panic, TimePoint now) {
    change(endpoint, now, [panic](HealthState& health) { health.set_panic(panic); });
}

}  // namespace weir::upstream

// Puts another policy in force while the current one serves.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "gateway/cores.hpp"
#include "gateway/gateway.hpp"
#include "gateway/systemd.hpp"
#include "numbering/numbered_policy.hpp"
#include "trials/load_and_test.hpp"

namespace weir::gateway {
namespace {

std::uint32_t worker_count(const policy::Policy& policy) {
    // Read once: a quota that changes at run time must not make every reload look like a change of workers.
    static const std::uint32_t cores = usable_cores();
    return policy.workers != 0 ? policy.workers : cores;
}

// Refuses changes that are impossible while running: they would need other sockets or threads.
Result<void> check_unchanged(const policy::Policy& before, const policy::Policy& after) {
    for (std::size_t i = 0; i < std::max(before.listeners.size(), after.listeners.size()); ++i) {
        const auto refuse = [](const auto& listener, std::string_view what) {
            return Error{fmt::format("listener '{}' cannot be {} by a reload; restart instead", listener.name, what)};
        };
        if (i >= before.listeners.size()) return refuse(after.listeners[i], "added");
        const downstream::ListenerConfig& old = before.listeners[i];
        if (i >= after.listeners.size() || after.listeners[i].name != old.name) {
            return refuse(old, "removed, renamed or moved within the list");
        }
        if (after.listeners[i].bind != old.bind) return refuse(old, "moved to another address");
        if (after.listeners[i].tls.has_value() != old.tls.has_value()) return refuse(old, "switched to or from TLS");
    }
    if (before.admin.bind != after.admin.bind)
        return Error{"admin.bind cannot be changed by a reload; restart instead"};
    if (worker_count(before) != worker_count(after))
        return Error{"workers cannot be changed by a reload; restart instead"};
    return {};
}

}  // namespace

std::uint32_t Gateway::worker_count() const { return gateway::worker_count(assembly_.policy); }

void Gateway::log_lowered_connections() const {
    const policy::Policy& policy = assembly_.policy;
    if (!policy.fitted_to_descriptors) return;
    spdlog::warn(
        "limits.connections is not set: {} instead of its default {}, because the process may open {} file descriptors",
        policy.limits.connections, downstream::ProcessLimits{}.connections, *policy.fitted_to_descriptors);
}

Result<Assembly> Gateway::load_again() {
    policy::LoadedPolicy loaded = trials::load_and_test(policy_file_, {.served = true});
    if (!loaded.policy || policy::has_errors(loaded.diagnostics)) {
        return Error{"the policy has errors:\n" + policy::to_text(loaded.diagnostics, loaded.sources)};
    }
    if (auto unchanged = check_unchanged(assembly_.policy, *loaded.policy); !unchanged) return unchanged.error();
    discovery_.fill(*loaded.policy);
    return assemble_again(std::move(*loaded.policy));
}

Result<Assembly> Gateway::assemble_again(policy::Policy policy) {
    const numbering::Uses counted = counted_names();
    auto numbered = numbering::number(std::move(policy), names_);
    if (!numbered) return numbered.error();
    return assemble(std::move(*numbered), &assembly_, salt_, control_.now());
}

void Gateway::adopt_found() {
    if (drain_) return;
    policy::Policy policy = assembly_.policy;
    discovery_.fill(policy);
    auto assembly = assemble_again(std::move(policy));
    if (assembly) return put_in_force(std::move(*assembly));
    spdlog::error("the endpoints that were found are not used: {}", assembly.error().message);
}

// The names that judges still count although no request of their policy is left: those of video jobs, and endpoints
// that a reload gave to requests of a former policy.
numbering::Uses Gateway::counted_names() {
    numbering::Uses uses;
    for (const Bench& bench : assembly_.benches) {
        const admission::JudgeCounts counts = bench.judge->counts(control_.now());
        for (const admission::ClassCounts& cls : counts.classes) names_.classes.hold(cls.id, uses);
        for (const admission::EndpointCounts& endpoint : counts.endpoints) {
            if (endpoint.inflight > 0) names_.endpoints.hold(endpoint.id, uses);
        }
    }
    return uses;
}

void Gateway::reload() {
    // A program that rotates logs by this signal relies on it, whatever becomes of the policy.
    telemetry_->reopen_access_log();
    if (drain_) return;
    notify_reloading();
    auto assembly = load_again();
    // Opening the log's file is the last step that can fail.
    if (assembly) {
        if (auto opened = telemetry_->reconfigure(assembly->policy.logging); !opened) assembly = opened.error();
    }
    last_reload_ = {control_.now(), assembly.has_value(), assembly ? std::string{} : assembly.error().message};
    if (assembly) {
        ++reloads_succeeded_;
        put_in_force(std::move(*assembly));
        log_lowered_connections();
        spdlog::info("reloaded {}: policy {}", policy_file_.string(), assembly_.policy.hash.hex().substr(0, 12));
    } else {
        ++reloads_failed_;
        spdlog::error("reload refused, the old policy stays in force: {}", assembly.error().message);
    }
    notify_service_manager("READY=1");
}

void Gateway::put_in_force(Assembly assembly) {
    const TimePoint now = control_.now();
    assembly_ = std::move(assembly);
    for (const EndpointId id : names_.endpoints.take_renamed()) {
        for (const Bench& bench : assembly_.benches) {
            bench.jobs->forget(id);
            if (bench.sticky) bench.sticky->forget(id);
        }
    }
    // Names first: once the judges and workers are updated, records may carry the new numbers.
    telemetry_->set_labels(labels());
    log_.set_level(assembly_.policy.logging.level);
    for (const Bench& bench : assembly_.benches) {
        bench.judge->reconfigure(bench.config, bench.backend, now);
        if (bench.sticky) bench.sticky->reconfigure(*bench.backend->config().sticky);
    }
    for (const auto& worker : workers_) {
        worker->loop().post([&worker = *worker, routing = assembly_.routing] { worker.set_routing(routing); });
    }
    watch_backends();
    admin_->set_token(assembly_.policy.admin.token);
    admin_->set_names(assembly_.policy.admin.names);
}

}  // namespace weir::gateway

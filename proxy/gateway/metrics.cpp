// The gateway's numbers for /metrics, collected on request.

#include "gateway/gateway.hpp"

namespace weir::gateway {
namespace {

telemetry::EndpointGauges gauges_of(const upstream::Endpoint& endpoint, const admission::JudgeCounts& counts) {
    telemetry::EndpointGauges row;
    row.id = endpoint.id();
    row.up = upstream::Backend::available(endpoint);
    for (const admission::EndpointCounts& judged : counts.endpoints) {
        if (judged.id != endpoint.id()) continue;
        row.inflight = judged.inflight;
        row.limit = judged.limit;
        row.context_tokens = judged.context_tokens;
        row.context_limit = judged.context_limit;
        row.prompt_tokens = judged.prompt_tokens;
        row.limit_contradicted = judged.shown.requests_contradicted();
        row.context_contradicted = judged.shown.context_contradicted();
        row.learns_quota = judged.quota.has_value();
        if (judged.quota) row.quota_rate = judged.quota->rate;
        if (judged.quota) row.quota_refused = judged.quota->refusals;
    }
    if (!row.up) row.down = endpoint.why_down().reason;
    row.share = endpoint.intake().share;
    const upstream::EndpointCounters& counters = endpoint.counters;
    for (std::size_t i = 0; i < upstream::kAnswerCodes.size(); ++i) {
        row.answers.emplace_back(upstream::kAnswerCodes[i], counters.answers[i].load(std::memory_order_relaxed));
    }
    row.succeeded = counters.succeeded.load(std::memory_order_relaxed);
    row.failed = counters.failed.load(std::memory_order_relaxed);
    row.connects = counters.connects.load(std::memory_order_relaxed);
    row.connect_failures = counters.connect_failures.load(std::memory_order_relaxed);
    row.connect_seconds = static_cast<double>(counters.connect_nanoseconds.load(std::memory_order_relaxed)) * 1e-9;
    for (std::size_t i = 0; i < upstream::kTryCauses.size(); ++i) {
        const std::uint64_t tries = counters.tries[i].load(std::memory_order_relaxed);
        if (tries > 0) row.tries.emplace_back(upstream::kTryCauses[i], tries);
    }
    row.tries_over_budget = counters.tries_over_budget.load(std::memory_order_relaxed);
    row.ejections = counters.ejections.load(std::memory_order_relaxed);
    row.probe_failures = counters.probe_failures.load(std::memory_order_relaxed);
    row.polls_running = counters.polls_running.load(std::memory_order_relaxed);
    row.polls_over = counters.polls_over.load(std::memory_order_relaxed);
    row.polls_failed = counters.polls_failed.load(std::memory_order_relaxed);
    row.websockets = counters.websockets.load(std::memory_order_relaxed);
    return row;
}

}  // namespace

telemetry::Labels Gateway::labels() const {
    telemetry::Labels labels;
    for (const std::string& name : names_.listeners.names()) labels.listeners.push_back({name, true});
    for (const std::string& name : names_.backends.names()) labels.backends.push_back({name, false});
    for (const std::string& name : names_.classes.names()) {
        telemetry::ClassLabel label;
        label.name = name;
        label.current = false;
        for (const admission::ClassConfig& config : assembly_.policy.classes) {
            if (config.name != name) continue;
            label.current = true;
            if (config.slo) label.first_token_slo = config.slo->first_token;
            for (const Bench& bench : assembly_.benches) {
                if (bench.backend->config().name == config.backend) label.backend = bench.backend->id();
            }
        }
        labels.classes.push_back(std::move(label));
    }
    for (const std::string& name : names_.rules.names()) {
        telemetry::RuleLabel label{name, {}};
        for (const downstream::Route& route : assembly_.routing->routes) {
            for (const admission::DegradeRule& rule : route.degrade) {
                if (rule.config.name == name) label.classes.push_back(route.id);
            }
        }
        labels.rules.push_back(std::move(label));
    }
    for (const std::string& name : names_.endpoints.names()) {
        const std::size_t space = name.find(' ');
        labels.endpoints.push_back({name.substr(0, space), name.substr(space + 1), false});
    }
    for (const Bench& bench : assembly_.benches) {
        labels.backends[index(bench.backend->id())].current = true;
        for (const auto& endpoint : bench.backend->endpoints()) labels.endpoints[index(endpoint->id())].current = true;
    }
    labels.policy = assembly_.policy.hash.hex();
    return labels;
}

telemetry::Scrape Gateway::scrape() {
    telemetry::Scrape scrape;
    const TimePoint now = control_.now();
    for (const Bench& bench : assembly_.benches) {
        const admission::JudgeCounts counts = bench.judge->counts(now);
        scrape.backends.push_back({bench.backend->id(), counts.pressure, counts.client_evictions, bench.jobs->running(),
                                   bench.backend->in_panic(), bench.judge->prompts().accuracy()});
        for (const admission::ClassCounts& cls : counts.classes) {
            scrape.classes.push_back({.id = cls.id,
                                      .inflight = cls.inflight,
                                      .waiting = cls.waiting,
                                      .queue = cls.queue,
                                      .headroom = cls.headroom,
                                      .bucket_fill = cls.bucket_fill,
                                      .clients = cls.clients});
        }
        for (const auto& endpoint : bench.backend->endpoints()) {
            scrape.endpoints.push_back(gauges_of(*endpoint, counts));
        }
    }
    for (const auto& worker : workers_) {
        scrape.workers.push_back({seconds(worker->loop().take_worst_lag()), worker->loop().faults()});
        scrape.accept_pauses += worker->accept_pauses();
    }
    const auto names = [&](const char* kind, const auto& table) {
        scrape.names.push_back({kind, table.in_use(), table.bound()});
    };
    names("listener", names_.listeners);
    names("class", names_.classes);
    names("backend", names_.backends);
    names("endpoint", names_.endpoints);
    names("rule", names_.rules);
    for (const downstream::ListenerRoute& listener : assembly_.routing->listeners) {
        if (!listener.tls) continue;
        for (const net::CertificateEnd& end : listener.tls->ends()) {
            scrape.certificates.push_back({listener.id, end.file, end.at});
        }
    }
    scrape.idempotency_keys = state_.idempotency_keys.size();
    scrape.reloads_succeeded = reloads_succeeded_;
    scrape.reloads_failed = reloads_failed_;
    scrape.last_reload_successful = last_reload_.successful;
    scrape.version = WEIR_VERSION;
    scrape.started = started_;
    scrape.resources = telemetry::read_resources();
    return scrape;
}

}  // namespace weir::gateway

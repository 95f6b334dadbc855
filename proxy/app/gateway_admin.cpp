// What the operator's door shows: the gateway's numbers, put together when somebody asks.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/gateway.hpp"
#include "policy/print.hpp"

namespace weir::app {
namespace {

constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

// Why it takes no requests; empty: it does.
std::string reason_of(const upstream::Endpoint* endpoint, bool available) {
    return endpoint == nullptr || available ? std::string{} : endpoint->why_down().text();
}

}  // namespace

std::vector<admin::Route> Gateway::admin_routes() {
    const auto text = [](std::string body) { return admin::Answer{200, "text/plain; charset=utf-8", std::move(body)}; };
    const auto json = [](std::string body) { return admin::Answer{200, "application/json", std::move(body)}; };
    using admin::Request;
    return {
        {"/metrics", false,
         [this](const Request&) {
             return admin::Answer{200, kPrometheusText, witness_->metrics(scrape())};
         }},
        {"/healthz", false, [text](const Request&) { return text("alive\n"); }},
        // Overload is no reason to be taken out of service: whoever took over would be overloaded instead.
        {"/readyz", false,
         [this, text](const Request&) {
             return ready() ? text("ready\n") : admin::Answer{503, "text/plain; charset=utf-8", "draining\n"};
         }},
        {"/config", true, [this, json](const Request&) { return json(policy::to_json(assembly_.policy)); }},
        {"/status", false, [this, json](const Request&) { return json(status_json()); }},
    };
}

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
        scrape.backends.push_back({bench.backend->id(), counts.pressure, counts.client_evictions,
                                   bench.judge->jobs().running(), bench.judge->prompts().accuracy()});
        for (const admission::ClassCounts& cls : counts.classes) {
            scrape.classes.push_back({.id = cls.id,
                                      .inflight = cls.inflight,
                                      .waiting = cls.waiting,
                                      .line = cls.line,
                                      .room = cls.room,
                                      .bucket_fill = cls.bucket_fill,
                                      .clients = cls.clients});
        }
        for (const auto& endpoint : bench.backend->endpoints()) {
            telemetry::EndpointGauges row;
            row.id = endpoint->id();
            row.up = upstream::Backend::available(*endpoint);
            for (const admission::EndpointCounts& judged : counts.endpoints) {
                if (judged.id != endpoint->id()) continue;
                row.inflight = judged.inflight;
                row.limit = judged.limit;
                row.context_tokens = judged.context_tokens;
                row.context_limit = judged.context_limit;
                row.prompt_tokens = judged.prompt_tokens;
            }
            if (!row.up) row.down = endpoint->why_down().reason;
            const upstream::EndpointCounters& seen = endpoint->counters;
            row.succeeded = seen.succeeded.load(std::memory_order_relaxed);
            row.failed = seen.failed.load(std::memory_order_relaxed);
            row.connects = seen.connects.load(std::memory_order_relaxed);
            row.connect_failures = seen.connect_failures.load(std::memory_order_relaxed);
            row.connect_seconds = static_cast<double>(seen.connect_nanoseconds.load(std::memory_order_relaxed)) * 1e-9;
            row.ejections = seen.ejections.load(std::memory_order_relaxed);
            row.probe_failures = seen.probe_failures.load(std::memory_order_relaxed);
            row.polls_running = seen.polls_running.load(std::memory_order_relaxed);
            row.polls_over = seen.polls_over.load(std::memory_order_relaxed);
            row.polls_failed = seen.polls_failed.load(std::memory_order_relaxed);
            row.websockets = seen.websockets.load(std::memory_order_relaxed);
            scrape.endpoints.push_back(row);
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

std::string Gateway::status_json() {
    boost::json::object status{
        {"version", WEIR_VERSION},
        {"policy", policy_file_.filename().string()},
        {"policy_hash", assembly_.policy.hash.hex().substr(0, 12)},
        {"mode", assembly_.policy.mode == admission::Mode::shadow ? "shadow" : "enforce"},
        {"ready", ready()},
        {"connections", state_.connections.load(std::memory_order_relaxed)},
        {"uptime_seconds",
         std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - started_).count()},
        {"last_reload_successful", last_reload_.successful},
        {"reloads", reloads_succeeded_ + reloads_failed_},
        {"last_reload", nullptr},
        {"log_lines_dropped", witness_->log_counts().dropped}};
    if (last_reload_.at) {
        const auto ago = std::chrono::duration_cast<std::chrono::seconds>(control_.now() - *last_reload_.at).count();
        status["last_reload"] = boost::json::object{
            {"seconds_ago", ago}, {"successful", last_reload_.successful}, {"error", last_reload_.error}};
    }
    boost::json::array backends;
    for (const Bench& bench : assembly_.benches) {
        const admission::JudgeCounts counts = bench.judge->counts(control_.now());
        boost::json::array classes;
        for (const admission::ClassCounts& cls : counts.classes) {
            classes.push_back(boost::json::object{{"class", names_.classes.names()[index(cls.id)]},
                                                  {"inflight", cls.inflight},
                                                  {"waiting", cls.waiting},
                                                  {"line", cls.line},
                                                  {"room", cls.room}});
        }
        boost::json::array endpoints;
        for (const admission::EndpointCounts& judged : counts.endpoints) {
            const upstream::Endpoint* endpoint = bench.backend->find(judged.id);
            endpoints.push_back(boost::json::object{{"url", endpoint != nullptr ? endpoint->config().url : "removed"},
                                                    {"available", judged.available},
                                                    {"reason", reason_of(endpoint, judged.available)},
                                                    {"inflight", judged.inflight},
                                                    {"limit", judged.limit}});
        }
        backends.push_back(boost::json::object{{"backend", bench.backend->config().name},
                                               {"pressure", counts.pressure},
                                               {"classes", std::move(classes)},
                                               {"endpoints", std::move(endpoints)}});
    }
    status["backends"] = std::move(backends);
    return boost::json::serialize(status) + "\n";
}

}  // namespace weir::app

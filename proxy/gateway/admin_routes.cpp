// What the admin listener serves: the gateway's state, collected on request.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "gateway/endpoint_change.hpp"
#include "gateway/gateway.hpp"
#include "policy/show/print.hpp"

namespace weir::gateway {
namespace {

constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";

// Why the endpoint takes no requests; empty: it takes them.
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
             return admin::Answer{200, kPrometheusText, telemetry_->metrics(scrape())};
         }},
        {"/healthz", false, [text](const Request&) { return text("alive\n"); }},
        // Overload is not a reason to be taken out of service: the instances left would be overloaded even more.
        {"/readyz", false,
         [this, text](const Request&) {
             return ready() ? text("ready\n") : admin::Answer{503, "text/plain; charset=utf-8", "draining\n"};
         }},
        {"/config", true, [this, json](const Request&) { return json(policy::to_json(assembly_.policy)); }},
        {"/status", false, [this, json](const Request&) { return json(status_json()); }},
        {"/endpoints", false, [this, json](const Request&) { return json(endpoints_json()); }},
        {"/endpoints", true, [this](const Request& request) { return change_endpoint(request); }, "POST"},
    };
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
        {"log_lines_dropped", telemetry_->log_counts().dropped}};
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
                                                  {"queue", cls.queue},
                                                  {"headroom", cls.headroom}});
        }
        boost::json::array endpoints;
        for (const admission::EndpointCounts& judged : counts.endpoints) {
            const upstream::Endpoint* endpoint = bench.backend->find(judged.id);
            endpoints.push_back(boost::json::object{{"url", endpoint != nullptr ? endpoint->config().url : "removed"},
                                                    {"available", judged.available},
                                                    {"reason", reason_of(endpoint, judged.available)},
                                                    {"inflight", judged.inflight},
                                                    {"limit", judged.limit},
                                                    {"trial", judged.trial},
                                                    {"by_hand", hand_json(endpoint, control_.now())},
                                                    {"share", judged.share}});
            if (!judged.quota) continue;
            endpoints.back().as_object()["quota"] =
                boost::json::object{{"rate", judged.quota->rate}, {"refused", judged.quota->refusals}};
        }
        backends.push_back(boost::json::object{{"backend", bench.backend->config().name},
                                               {"pressure", counts.pressure},
                                               {"panic", bench.backend->in_panic()},
                                               {"classes", std::move(classes)},
                                               {"endpoints", std::move(endpoints)}});
    }
    status["backends"] = std::move(backends);
    return boost::json::serialize(status) + "\n";
}

}  // namespace weir::gateway

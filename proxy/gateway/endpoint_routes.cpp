// /endpoints: what each endpoint takes, and what operators set for single ones.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "gateway/endpoint_change.hpp"
#include "gateway/gateway.hpp"

namespace weir::gateway {
namespace {

boost::json::object row_of(const upstream::Backend& backend, const upstream::Endpoint& endpoint, TimePoint now) {
    const Intake intake = endpoint.intake();
    return {{"backend", backend.config().name},
            {"endpoint", endpoint.config().url},
            {"available", intake.open},
            {"reason", intake.open ? std::string() : endpoint.why_down().text()},
            {"trial", intake.trial},
            {"share", intake.share},
            {"by_hand", hand_json(&endpoint, now)}};
}

admin::Answer refuse(int status, const std::string& why) { return {status, "text/plain; charset=utf-8", why + "\n"}; }

}  // namespace

std::string Gateway::endpoints_json() const {
    boost::json::array rows;
    for (const Bench& bench : assembly_.benches) {
        for (const auto& endpoint : bench.backend->endpoints()) {
            rows.push_back(row_of(*bench.backend, *endpoint, control_.now()));
        }
    }
    return boost::json::serialize(boost::json::object{{"endpoints", std::move(rows)}}) + "\n";
}

admin::Answer Gateway::change_endpoint(const admin::Request& request) {
    const TimePoint now = control_.now();
    auto change = parse_endpoint_change(request.body, now);
    if (!change) return refuse(400, change.error().message);
    for (const Bench& bench : assembly_.benches) {
        if (bench.backend->config().name != change->backend) continue;
        for (const auto& endpoint : bench.backend->endpoints()) {
            if (endpoint->config().url != change->endpoint) continue;
            bench.backend->set_by_hand(*endpoint, std::move(change->setting), now);
            return {200, "application/json", boost::json::serialize(row_of(*bench.backend, *endpoint, now)) + "\n"};
        }
        return refuse(404, fmt::format("backend '{}' has no endpoint '{}'", change->backend, change->endpoint));
    }
    return refuse(404, fmt::format("there is no backend '{}'", change->backend));
}

}  // namespace weir::gateway

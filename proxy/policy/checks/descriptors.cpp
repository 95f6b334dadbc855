#include "policy/checks/descriptors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::policy {
namespace {

constexpr std::uint64_t kOwnFiles = 64;  // logs, epoll, listeners, admin, health checks

// The most connections that may be open to backends at once, given enough clients.
std::uint64_t backend_connections(const Policy& policy) {
    std::uint64_t sum = 0;
    for (const upstream::BackendConfig& backend : policy.backends) {
        std::uint64_t each = backend.learned ? backend.learned->max : backend.requests;
        if (backend.websocket) each += backend.websocket->connections;
        sum += each * backend.endpoints.size();
    }
    return sum;
}

// No request is at a backend without a client connection.
std::uint64_t needed(std::uint64_t connections, std::uint64_t to_backends) {
    return kOwnFiles + connections + std::min(connections, to_backends);
}

// The most connections for which needed() is at most `descriptors`.
std::uint64_t max_connections(std::uint64_t descriptors, std::uint64_t to_backends) {
    const std::uint64_t rest = descriptors - std::min(descriptors, kOwnFiles);
    return to_backends <= rest / 2 ? rest - to_backends : rest / 2;
}

}  // namespace

void fit_connections(Policy& policy, const Node& root, std::uint64_t descriptors, bool served,
                     Diagnostics& diagnostics) {
    const Node* written = root.find("limits.connections");
    const std::uint64_t to_backends = backend_connections(policy);
    const auto report = [&](const Mark& mark, std::string message, std::string help) {
        if (served) return refuse(diagnostics, mark, "too-few-descriptors", std::move(message), std::move(help));
        warn(diagnostics, mark, "too-few-descriptors", std::move(message), std::move(help));
    };
    if (written != nullptr) {
        const std::uint64_t all = needed(policy.limits.connections, to_backends);
        if (all <= descriptors) return;
        report(written->mark,
               fmt::format("this needs up to {} file descriptors, and the process may open {}", all, descriptors),
               "raise LimitNOFILE or `ulimit -Hn`, or lower limits.connections");
        return;
    }
    const std::uint64_t max = max_connections(descriptors, to_backends);
    if (max >= policy.limits.connections) return;
    if (max < kFewestConnections) {
        report(
            root.mark_at("limits"),
            fmt::format("the process may open {} file descriptors, which leaves {} to clients, and fewer than {} are "
                        "used up by health checks and kept connections alone",
                        descriptors, max, kFewestConnections),
            "raise LimitNOFILE or `ulimit -Hn`, or write limits.connections");
        return;
    }
    policy.limits.connections = static_cast<std::uint32_t>(max);
    policy.fitted_to_descriptors = descriptors;
}

}  // namespace weir::policy

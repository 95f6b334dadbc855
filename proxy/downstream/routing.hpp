#pragma once
// A policy ready to serve: how clients are identified, the classes, and where each class goes. Immutable; a reload
// creates a new one, and requests that began under the old one end under it.

#include <memory>
#include <string>
#include <vector>

#include "admission/classify/classifier.hpp"
#include "admission/config.hpp"
#include "admission/degrade.hpp"
#include "base/ids.hpp"
#include "downstream/config.hpp"
#include "downstream/shared/shared_judge.hpp"
#include "downstream/shared/sticky_ids.hpp"
#include "downstream/shared/try_budget.hpp"
#include "downstream/shared/video_jobs.hpp"
#include "net/tls.hpp"
#include "upstream/backend.hpp"

namespace weir::downstream {

// One class.
struct Route {
    ClassId id = kNoClass;
    admission::ClassConfig config;
    std::shared_ptr<upstream::Backend> backend;
    std::shared_ptr<SharedJudge> judge;
    std::shared_ptr<VideoJobs> jobs;    // of the backend
    std::shared_ptr<StickyIds> sticky;  // of the backend; null: it has none
    // Bounds the share of its requests that are in a second or later try.
    std::shared_ptr<TryBudget> tries;
    // The `degrade` rules of this class, and the routes to other backends that they name; both are empty for nearly all
    // classes.
    std::vector<admission::DegradeRule> degrade;
    std::vector<Route> degrade_routes;  // by the backend's name; without rules of their own
    std::vector<Route> fallbacks;       // in order; without fallbacks of their own
    // Of a fallback: the judge by which its requests came, and which holds their limits. Null: `judge`.
    std::shared_ptr<SharedJudge> first_judge;

    [[nodiscard]] SharedJudge& limits() const { return first_judge ? *first_judge : *judge; }
};

struct ListenerRoute {
    ListenerId id = kNoListener;
    ListenerConfig config;
    std::shared_ptr<net::TlsContext> tls;  // null: plain
};

struct Routing {
    Routing(const admission::ClientsConfig& clients, std::span<const admission::JudgeClass> classes, std::uint64_t salt)
        : classifier(clients, classes, salt) {}

    // Null for kNoClass, or a class that is not part of this policy.
    [[nodiscard]] const Route* find(ClassId id) const {
        for (const Route& route : routes) {
            if (route.id == id) return &route;
        }
        return nullptr;
    }
    [[nodiscard]] const ListenerRoute* find(ListenerId id) const {
        for (const ListenerRoute& listener : listeners) {
            if (listener.id == id) return &listener;
        }
        return nullptr;
    }

    admission::Classifier classifier;
    std::vector<Route> routes;  // in the policy's order
    std::vector<ListenerRoute> listeners;
    ProcessLimits limits;
    // Keeps this policy's numbers from being reused for other names while a request may still use them.
    std::vector<std::shared_ptr<const void>> names_in_use;
};

}  // namespace weir::downstream

#pragma once
// State at the moment of a scrape that the workers do not count: the caller that answers /metrics fills it in from the
// judges, the backends and the loops. Plain numbers, keyed by id.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/down_reason.hpp"
#include "base/ids.hpp"
#include "telemetry/resources.hpp"

namespace weir::telemetry {

// A class in more than one judge (a reload moved it) may occur more than once: counts are summed, and of ratios the
// largest counts.
struct ClassGauges {
    ClassId id = kNoClass;
    std::uint32_t inflight = 0;
    std::uint32_t waiting = 0;
    std::uint32_t queue = 0;
    double headroom = 0;
    double bucket_fill = 1;
    std::uint32_t clients = 0;
};

struct BackendGauges {
    BackendId id = kNoBackend;
    double pressure = 0;
    std::uint64_t client_evictions = 0;
    std::uint64_t video_jobs = 0;  // that hold a slot
    bool panic = false;            // no endpoint is thought to work, and one serves all the same
    double token_estimate = 1;     // prompt tokens as estimated, relative to the usage reported
};

struct EndpointGauges {
    EndpointId id = kNoEndpoint;
    std::uint32_t inflight = 0;
    std::uint32_t limit = 0;
    std::uint64_t context_tokens = 0;  // LLM tokens of prompts and answers in flight
    std::uint64_t context_limit = 0;   // 0: none
    std::uint64_t prompt_tokens = 0;   // of those still without a first token
    bool up = true;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t connects = 0;
    std::uint64_t connect_failures = 0;
    double connect_seconds = 0;  // total, over opened connections
    std::uint64_t ejections = 0;
    std::uint64_t probe_failures = 0;
    std::uint64_t polls_running = 0;  // polls of video jobs, by result
    std::uint64_t polls_over = 0;
    std::uint64_t polls_failed = 0;
    std::uint32_t websockets = 0;  // open
    DownReason down = DownReason::none;
    bool learns_quota = false;
    double quota_rate = 0;  // requests a second; 0: no rate limits
    std::uint64_t quota_refused = 0;
    double share = 1;                                                   // of the load
    std::vector<std::pair<std::string_view, std::uint64_t>> answers{};  // by status
    std::vector<std::pair<std::string_view, std::uint64_t>> tries{};    // requests sent again, by cause
    std::uint64_t tries_over_budget = 0;
    bool limit_contradicted = false;  // by the engine's gauges, which are in force instead
    bool context_contradicted = false;
};

// In worker order.
struct WorkerGauges {
    double loop_lag_seconds = 0;
    std::uint64_t loop_faults = 0;  // exceptions caught at the edge of the loop
};

// How many of the available names are in use, by the policy in force and by former ones that requests still use.
struct NameGauges {
    const char* kind = "";  // listener | class | backend | endpoint | rule
    std::size_t used = 0;
    std::size_t limit = 0;
};

struct CertificateGauges {
    ListenerId listener = kNoListener;
    std::string file;      // as the policy names it
    std::int64_t end = 0;  // since the Unix epoch, in seconds
};

struct Scrape {
    std::vector<ClassGauges> classes;
    std::vector<BackendGauges> backends;
    std::vector<EndpointGauges> endpoints;
    std::vector<WorkerGauges> workers;
    std::vector<NameGauges> names;
    std::vector<CertificateGauges> certificates;
    std::uint64_t accept_pauses = 0;
    std::uint64_t idempotency_keys = 0;  // remembered
    std::uint64_t reloads_succeeded = 0;
    std::uint64_t reloads_failed = 0;
    bool last_reload_successful = true;
    std::string version;
    std::chrono::system_clock::time_point started;
    Resources resources;
};

}  // namespace weir::telemetry

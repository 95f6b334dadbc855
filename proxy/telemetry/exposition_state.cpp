#include <algorithm>
#include <chrono>

#include "telemetry/exposition.hpp"

namespace weir::telemetry {
namespace {

// What the scrape reports for one name; a current name that it does not report is shown at rest.
template <typename Gauges>
struct Reading {
    Gauges gauges;
    bool reported = false;
};

std::vector<Reading<ClassGauges>> read_classes(const Labels& labels, const Scrape& scrape) {
    std::vector<Reading<ClassGauges>> readings(labels.classes.size());
    for (const ClassGauges& gauges : scrape.classes) {
        if (index(gauges.id) >= readings.size()) continue;
        auto& [sum, reported] = readings[index(gauges.id)];
        sum.inflight += gauges.inflight;
        sum.waiting += gauges.waiting;
        sum.queue += gauges.queue;
        sum.clients += gauges.clients;
        sum.headroom = std::max(sum.headroom, gauges.headroom);
        sum.bucket_fill = reported ? std::max(sum.bucket_fill, gauges.bucket_fill) : gauges.bucket_fill;
        reported = true;
    }
    return readings;
}

template <typename Gauges>
std::vector<Reading<Gauges>> read(std::size_t names, const std::vector<Gauges>& reported) {
    std::vector<Reading<Gauges>> readings(names);
    for (const Gauges& gauges : reported) {
        if (index(gauges.id) < names) readings[index(gauges.id)] = {gauges, true};
    }
    return readings;
}

// Adds one series per class, backend or endpoint: for every current name, and for former ones that were reported.
class ByName {
public:
    ByName(Families& families, const Labels& labels, const Scrape& scrape)
        : families_(families),
          labels_(labels),
          classes_(read_classes(labels, scrape)),
          backends_(read(labels.backends.size(), scrape.backends)),
          endpoints_(read(labels.endpoints.size(), scrape.endpoints)) {}

    template <typename Value>
    void class_gauge(std::string_view name, std::string_view help, Value value) {
        Family family = families_.gauge(name, help);
        for (std::size_t i = 0; i < classes_.size(); ++i) {
            const ClassLabel& label = labels_.classes[i];
            if (label.current || classes_[i].reported) {
                family.add({{"class", label.name}}, static_cast<double>(value(classes_[i].gauges)));
            }
        }
    }

    template <typename Value>
    void by_backend(Family family, Value value) {
        for (std::size_t i = 0; i < backends_.size(); ++i) {
            const NameLabel& label = labels_.backends[i];
            if (label.current || backends_[i].reported) {
                family.add({{"backend", label.name}}, static_cast<double>(value(backends_[i].gauges)));
            }
        }
    }

    // Calls `add` with each endpoint's label and gauges.
    template <typename Add>
    void for_endpoints(Add add) {
        for (std::size_t i = 0; i < endpoints_.size(); ++i) {
            const EndpointLabel& label = labels_.endpoints[i];
            if (label.current || endpoints_[i].reported) add(label, endpoints_[i].gauges);
        }
    }

    template <typename Value>
    void by_endpoint(Family family, Value value) {
        for_endpoints([&](const EndpointLabel& label, const EndpointGauges& gauges) {
            family.add({{"backend", label.backend}, {"endpoint", label.url}}, static_cast<double>(value(gauges)));
        });
    }

private:
    Families& families_;
    const Labels& labels_;
    std::vector<Reading<ClassGauges>> classes_;
    std::vector<Reading<BackendGauges>> backends_;
    std::vector<Reading<EndpointGauges>> endpoints_;
};

void add_resources(Families& families, const Scrape& scrape) {
    const Resources& used = scrape.resources;
    families.counter("process_cpu_seconds_total", "CPU time, user and system.").add({}, used.cpu_seconds);
    families.gauge("process_resident_memory_bytes", "Resident memory.").add({}, used.resident_bytes);
    families.gauge("process_open_fds", "Open file descriptors.").add({}, used.open_fds);
    families.gauge("process_max_fds", "Limit on open file descriptors.").add({}, used.max_fds);
    families.gauge("process_threads", "Threads.").add({}, used.threads);
    families.gauge("process_start_time_seconds", "When the process started, since the Unix epoch.")
        .add({}, std::chrono::duration<double>(scrape.started.time_since_epoch()).count());
}

void add_listeners(Families& families, const Labels& labels, const Totals& totals) {
    const auto add = [&](Family family, auto value) {
        for (std::size_t i = 0; i < totals.listeners.size(); ++i) {
            family.add({{"listener", labels.listeners[i].name}}, value(totals.listeners[i]));
        }
    };
    add(families.gauge("weir_connections", "Open client connections."), [](const ListenerTotals& listener) {
        return listener.opened > listener.closed ? listener.opened - listener.closed : 0;
    });
    add(families.counter("weir_connections_total", "Accepted client connections."),
        [](const ListenerTotals& listener) { return listener.opened; });
    Family refused = families.counter("weir_connections_refused_total",
                                      "Refused client connections: by limits.connections of the process or "
                                      "of the listener, by its connections_per_client, or for a missing PROXY header.");
    for (std::size_t i = 0; i < totals.listeners.size(); ++i) {
        for (std::size_t why = 0; why < kConnectionRefusals.size(); ++why) {
            refused.add({{"listener", labels.listeners[i].name}, {"reason", kConnectionRefusals[why]}},
                        totals.listeners[i].refused[why]);
        }
    }
}

void add_workers(Families& families, const Scrape& scrape) {
    Family lag = families.gauge("weir_event_loop_lag_seconds", "How late the worker's event loop runs.");
    for (std::size_t i = 0; i < scrape.workers.size(); ++i) {
        lag.add({{"worker", std::to_string(i)}}, scrape.workers[i].loop_lag_seconds);
    }
    Family faults = families.counter("weir_event_loop_faults_total", "Exceptions caught by the worker's event loop.");
    for (std::size_t i = 0; i < scrape.workers.size(); ++i) {
        faults.add({{"worker", std::to_string(i)}}, scrape.workers[i].loop_faults);
    }
}

void add_names(Families& families, const Scrape& scrape) {
    Family used = families.gauge("weir_names_used",
                                 "Names of the policy in force, and of former policies that requests still use.");
    for (const NameGauges& names : scrape.names) used.add({{"kind", names.kind}}, static_cast<double>(names.used));
    Family limit = families.gauge("weir_names_limit", "Most names that can be in use at once.");
    for (const NameGauges& names : scrape.names) limit.add({{"kind", names.kind}}, static_cast<double>(names.limit));
}

// Of endpoints whose quota is learned.
void add_quotas(Families& families, ByName& names) {
    const auto add = [&](Family family, const char* name, auto value) {
        families.announce(name);
        names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
            if (g.learns_quota) family.add({{"backend", label.backend}, {"endpoint", label.url}}, value(g));
        });
    };
    constexpr const char* kRate = "weir_endpoint_quota_rate";
    constexpr const char* kConcurrency = "weir_endpoint_quota_concurrency";
    constexpr const char* kRefused = "weir_endpoint_quota_refused_total";
    add(families.gauge(kRate, "Requests a second that the endpoint's quota seems to allow; 0 if no rate limits."),
        kRate, [](const EndpointGauges& g) { return g.quota_rate; });
    add(families.gauge(kConcurrency, "Requests at once that the endpoint's quota seems to allow."), kConcurrency,
        [](const EndpointGauges& g) { return static_cast<double>(g.limit); });
    add(families.counter(kRefused,
                         "Requests that the endpoint refused for its quota; they were sent again or passed on."),
        kRefused, [](const EndpointGauges& g) { return g.quota_refused; });
}

}  // namespace

void add_saturation_families(Families& families, const Labels& labels, const Scrape& scrape) {
    ByName names(families, labels, scrape);
    names.by_backend(
        families.gauge("weir_pressure_ratio", "How full the backend is: 1.0 is full, above that requests queue."),
        [](const BackendGauges& g) { return g.pressure; });
    names.class_gauge("weir_inflight_requests", "Requests sent to a backend and not yet answered in full.",
                      [](const ClassGauges& g) { return g.inflight; });
    names.class_gauge("weir_queue_length", "Requests in the queue.", [](const ClassGauges& g) { return g.waiting; });
    names.class_gauge("weir_queue_limit", "Longest queue that the class may have.",
                      [](const ClassGauges& g) { return g.queue; });
    names.class_gauge("weir_headroom_ratio", "Share of each endpoint that the class leaves free for better classes.",
                      [](const ClassGauges& g) { return g.headroom; });
    names.class_gauge("weir_bucket_fill_ratio", "How full the class's request bucket is; 1 without a bucket.",
                      [](const ClassGauges& g) { return g.bucket_fill; });
    names.class_gauge("weir_clients_tracked", "Entries in the class's per-client table.",
                      [](const ClassGauges& g) { return g.clients; });
    names.by_backend(families.counter("weir_client_evictions_total", "Entries evicted from full per-client tables."),
                     [](const BackendGauges& g) { return g.client_evictions; });
    names.by_backend(families.gauge("weir_video_jobs", "Jobs (videos and background responses) that hold a slot."),
                     [](const BackendGauges& g) { return g.video_jobs; });
    names.by_backend(
        families.gauge("weir_token_estimate_ratio",
                       "Recent prompt tokens as estimated from length, relative to the usage reported; 1 is exact."),
        [](const BackendGauges& g) { return g.token_estimate; });
    names.by_endpoint(families.gauge("weir_endpoint_inflight_requests", "Requests in flight on the endpoint."),
                      [](const EndpointGauges& g) { return g.inflight; });
    names.by_endpoint(families.gauge("weir_limit_requests", "Limit on requests in flight on the endpoint."),
                      [](const EndpointGauges& g) { return g.limit; });
    names.by_endpoint(families.gauge("weir_inflight_tokens", "LLM tokens of prompts and answers in flight."),
                      [](const EndpointGauges& g) { return g.context_tokens; });
    names.by_endpoint(families.gauge("weir_limit_tokens", "LLM tokens in the endpoint's KV cache; 0 if unknown."),
                      [](const EndpointGauges& g) { return g.context_limit; });
    names.by_endpoint(
        families.gauge("weir_pending_prompt_tokens", "LLM tokens of prompts still without a first token."),
        [](const EndpointGauges& g) { return g.prompt_tokens; });
    Family contradicted = families.gauge(
        "weir_limit_contradicted",
        "1 while the engine's gauges show less than that limit of the policy's, and are in force instead.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
        const auto add = [&](const char* limit, bool value) {
            contradicted.add({{"backend", label.backend}, {"endpoint", label.url}, {"limit", limit}},
                             value ? 1.0 : 0.0);
        };
        add("requests", g.limit_contradicted);
        add("context_tokens", g.context_contradicted);
    });
    add_quotas(families, names);
}

// What requests say about endpoints, and what follows from it.
void add_health(ByName& names, Families& families) {
    Family answers = families.counter("weir_endpoint_answers_total", "Answers of the endpoint by status.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
        for (const auto& [code, count] : g.answers) {
            answers.add({{"backend", label.backend}, {"endpoint", label.url}, {"code", std::string(code)}}, count);
        }
    });
    names.by_endpoint(families.gauge("weir_endpoint_share_ratio",
                                     "Share of the load that the endpoint may take: below 1 while it has just "
                                     "come back, or an operator has set a weight."),
                      [](const EndpointGauges& g) { return g.share; });
    names.by_backend(
        families.gauge("weir_backend_panic", "1 while no endpoint is thought to work, and the least sick one serves."),
        [](const BackendGauges& g) { return g.panic ? 1 : 0; });
    names.by_endpoint(
        families.counter("weir_backend_ejections_total", "Ejections of the endpoint because of failing requests."),
        [](const EndpointGauges& g) { return g.ejections; });
    Family tries = families.counter("weir_tries_total",
                                    "Requests that were sent again, here or elsewhere, because of how this endpoint "
                                    "failed them.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& gauges) {
        for (const auto& [cause, count] : gauges.tries) {
            tries.add({{"backend", label.backend}, {"endpoint", label.url}, {"cause", cause}}, count);
        }
    });
    names.by_endpoint(families.counter("weir_tries_over_budget_total",
                                       "Requests that failed on the endpoint and were not sent again because of "
                                       "`tries.budget`."),
                      [](const EndpointGauges& g) { return g.tries_over_budget; });
}

void add_backend_families(Families& families, const Labels& labels, const Scrape& scrape) {
    ByName names(families, labels, scrape);
    names.by_endpoint(
        families.gauge("weir_backend_up", "1 while the endpoint takes requests: not down, not ejected, or in a panic."),
        [](const EndpointGauges& g) { return g.up ? 1 : 0; });
    Family down = families.gauge("weir_backend_down", "1 for the reason why the endpoint takes no requests.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
        for (std::size_t i = 1; i < kDownReasons.size(); ++i) {
            const bool is_it = static_cast<std::size_t>(g.down) == i;
            down.add({{"backend", label.backend}, {"endpoint", label.url}, {"reason", kDownReasons[i]}},
                     is_it ? 1.0 : 0.0);
        }
    });
    const auto by_outcome = [&](Family family, auto good, auto bad) {
        names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
            family.add({{"backend", label.backend}, {"endpoint", label.url}, {"outcome", "success"}}, g.*good);
            family.add({{"backend", label.backend}, {"endpoint", label.url}, {"outcome", "failure"}}, g.*bad);
        });
    };
    by_outcome(
        families.counter("weir_backend_requests_total",
                         "Attempts at the endpoint. A failure is no connection, a reset, a time-out, a bad answer, "
                         "or 5xx other than 501 and 505."),
        &EndpointGauges::succeeded, &EndpointGauges::failed);
    by_outcome(families.counter("weir_backend_connects_total", "Connections to the endpoint."),
               &EndpointGauges::connects, &EndpointGauges::connect_failures);
    Family connect = families.summary("weir_backend_connect_seconds", "Time to connect, TLS included.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
        connect.add_summary({{"backend", label.backend}, {"endpoint", label.url}}, g.connects, g.connect_seconds);
    });
    add_health(names, families);
    names.by_endpoint(families.counter("weir_backend_probe_failures_total", "Failed health probes."),
                      [](const EndpointGauges& g) { return g.probe_failures; });
    Family polls = families.counter("weir_video_polls_total", "Weir's own polls of video jobs.");
    names.for_endpoints([&](const EndpointLabel& label, const EndpointGauges& g) {
        const auto add = [&](const char* outcome, std::uint64_t count) {
            polls.add({{"backend", label.backend}, {"endpoint", label.url}, {"outcome", outcome}}, count);
        };
        add("running", g.polls_running);
        add("over", g.polls_over);
        add("failed", g.polls_failed);
    });
    names.by_endpoint(families.gauge("weir_backend_websockets", "Open WebSocket connections to the endpoint."),
                      [](const EndpointGauges& g) { return g.websockets; });
}

void add_own_families(Families& families, const Labels& labels, const Totals& totals, const Scrape& scrape) {
    families.gauge("weir_build_info", "Always 1; the label is the version that runs.")
        .add({{"version", scrape.version}}, 1.0);
    families.gauge("weir_config_info", "Always 1; the label is the hash of the policy in force.")
        .add({{"hash", labels.policy}}, 1.0);
    families.gauge("weir_config_last_reload_successful", "1 unless the last reload was refused.")
        .add({}, scrape.last_reload_successful ? 1.0 : 0.0);
    Family reloads = families.counter("weir_config_reloads_total", "Reloads of the policy.");
    reloads.add({{"result", "success"}}, scrape.reloads_succeeded);
    reloads.add({{"result", "failure"}}, scrape.reloads_failed);
    add_names(families, scrape);
    add_workers(families, scrape);
    families.counter("weir_accept_pauses_total", "Times that a listener paused because file descriptors ran out.")
        .add({}, scrape.accept_pauses);
    families.gauge("weir_idempotency_keys", "Idempotency keys in flight or remembered.")
        .add({}, static_cast<double>(scrape.idempotency_keys));
    families.gauge("weir_buffered_bytes", "Bytes of requests and answers held until the other side is ready.")
        .add({}, static_cast<double>(std::max<std::int64_t>(0, totals.buffered_bytes)));
    add_listeners(families, labels, totals);
    Family ends = families.gauge("weir_certificate_expiry_seconds",
                                 "First expiry in the listener's certificate chain, since the Unix epoch.");
    families.announce("weir_certificate_expiry_seconds");
    for (const CertificateGauges& certificate : scrape.certificates) {
        if (index(certificate.listener) >= labels.listeners.size()) continue;
        ends.add({{"listener", labels.listeners[index(certificate.listener)].name}, {"file", certificate.file}},
                 static_cast<double>(certificate.end));
    }
    families.counter("weir_access_log_lines_total", "Lines written to the access log.")
        .add({}, totals.access_log.lines);
    families.counter("weir_access_log_dropped_total", "Access log lines dropped because the sink was too slow.")
        .add({}, totals.access_log.dropped);
    add_resources(families, scrape);
}

}  // namespace weir::telemetry

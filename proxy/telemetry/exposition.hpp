#pragma once
// /metrics: its families, what they mean, and the series of each.
//
// Labels come from the policy only. The counters of a name that a reload removed stay, so that the last increase is not
// lost; its gauges go, so that a backend removed on purpose is not shown as down.

#include <cstdint>
#include <string>
#include <vector>

#include "telemetry/class_counts.hpp"
#include "telemetry/families.hpp"
#include "telemetry/labels.hpp"
#include "telemetry/log_writer.hpp"
#include "telemetry/scrape.hpp"
#include "telemetry/worker_metrics.hpp"

namespace weir::telemetry {

// The sum of what all workers counted.
struct Totals {
    std::vector<ClassTotals> classes;  // by id
    ClassTotals unclassified;
    std::vector<ListenerTotals> listeners;  // by id
    std::int64_t buffered_bytes = 0;
    LogCounts access_log;
};

// How requests ended and how long they took.
void add_request_families(Families& families, const Labels& labels, const Totals& totals);
// How full the classes' queues and the backends are.
void add_saturation_families(Families& families, const Labels& labels, const Scrape& scrape);
// The state of the servers behind Weir.
void add_backend_families(Families& families, const Labels& labels, const Scrape& scrape);
// Weir itself.
void add_own_families(Families& families, const Labels& labels, const Totals& totals, const Scrape& scrape);

[[nodiscard]] inline std::string write_metrics(const Labels& labels, const Totals& totals, const Scrape& scrape) {
    Families families;
    add_request_families(families, labels, totals);
    add_saturation_families(families, labels, scrape);
    add_backend_families(families, labels, scrape);
    add_own_families(families, labels, totals, scrape);
    return families.text();
}

}  // namespace weir::telemetry

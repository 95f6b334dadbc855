#pragma once
// /metrics: which families there are, what they mean, and which series each has.
//
// Labels come from the policy only. A counter of a name that a reload removed stays, so that its last rise is not lost;
// a gauge of it goes, so that a backend that was taken out on purpose is not shown as down.

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

// What all workers counted, added up.
struct Totals {
    std::vector<ClassTotals> classes;  // by id
    ClassTotals unclassified;
    std::vector<ListenerTotals> listeners;  // by id
    std::int64_t buffered_bytes = 0;
    LogCounts access_log;
};

// What became of the requests, and how long it took.
void add_request_families(Families& families, const Labels& labels, const Totals& totals);
// How full the classes' lines and the backends are.
void add_saturation_families(Families& families, const Labels& labels, const Scrape& scrape);
// What the servers behind Weir do.
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

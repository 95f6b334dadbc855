#pragma once
// The families of one /metrics answer, built up in order and then written as text.
//
// Built on prometheus-cpp's data model and serializer, which know the format; its counters and registry are not used,
// because they lock and retry where requests are counted.

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/histogram.hpp"

namespace weir::telemetry {

using LabelPair = std::pair<std::string_view, std::string_view>;
using LabelPairs = std::initializer_list<LabelPair>;

// The series of one name.
class Family {
public:
    Family(prometheus::MetricFamily& family) : family_(family) {}  // NOLINT(google-explicit-constructor)

    // A counter's or gauge's value; a value that is not finite becomes 0.
    void add(LabelPairs labels, double value);
    void add(LabelPairs labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }
    // `extra_edge`: one more bucket edge, unless it is zero or one of the edges.
    void add(LabelPairs labels, const HistogramTotals& totals, const BucketEdges& edges, Duration extra_edge);
    // A summary without quantiles.
    void add_summary(LabelPairs labels, std::uint64_t count, double sum);

private:
    prometheus::ClientMetric& add_series(LabelPairs labels);

    prometheus::MetricFamily& family_;
};

class Families {
public:
    // The family is valid until the next one is begun.
    [[nodiscard]] Family counter(std::string_view name, std::string_view help);
    [[nodiscard]] Family gauge(std::string_view name, std::string_view help);
    [[nodiscard]] Family histogram(std::string_view name, std::string_view help);
    [[nodiscard]] Family summary(std::string_view name, std::string_view help);

    // The family is shown even without a series: what it counts may not exist yet.
    void announce(std::string_view name);

    // The text exposition format, version 0.0.4. Other families without series are left out.
    [[nodiscard]] std::string text() const;

private:
    Family begin(std::string_view name, std::string_view help, prometheus::MetricType type);

    std::vector<prometheus::MetricFamily> families_;
    std::vector<std::string> announced_;
};

}  // namespace weir::telemetry

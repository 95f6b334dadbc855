#include "telemetry/families.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>

namespace weir::telemetry {

prometheus::ClientMetric& Family::add_series(LabelPairs labels) {
    prometheus::ClientMetric& series = family_.metric.emplace_back();
    series.label.reserve(labels.size());
    for (const auto& [name, value] : labels) series.label.push_back({std::string(name), std::string(value)});
    return series;
}

void Family::add(LabelPairs labels, double value) {
    if (!std::isfinite(value)) value = 0;
    prometheus::ClientMetric& series = add_series(labels);
    (family_.type == prometheus::MetricType::Counter ? series.counter.value : series.gauge.value) = value;
}

void Family::add(LabelPairs labels, const HistogramTotals& totals, const BucketEdges& edges, Duration extra_edge) {
    prometheus::ClientMetric::Histogram& histogram = add_series(labels).histogram;
    const auto extra = static_cast<std::uint64_t>(extra_edge.count());
    const std::size_t extra_bucket = edges.bucket_of(extra);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= edges.size(); ++i) {
        const bool last = i == edges.size();
        const bool is_an_edge = !last && edges.nanoseconds(i) == extra;
        if (extra > 0 && i == extra_bucket && !is_an_edge) {
            // The counts are read at slightly different moments: clamped, so that the part never exceeds the whole.
            histogram.bucket.push_back({below + std::min(totals.below_extra, totals.counts[i]), seconds(extra_edge)});
        }
        below += totals.counts[i];
        if (!last) histogram.bucket.push_back({below, edges.seconds(i)});
    }
    histogram.sample_count = below;
    histogram.sample_sum = static_cast<double>(totals.nanoseconds) / 1e9;
}

void Family::add_summary(LabelPairs labels, std::uint64_t count, double sum) {
    prometheus::ClientMetric::Summary& summary = add_series(labels).summary;
    summary.sample_count = count;
    summary.sample_sum = sum;
}

Family Families::begin(std::string_view name, std::string_view help, prometheus::MetricType type) {
    prometheus::MetricFamily& family = families_.emplace_back();
    family.name = name;
    family.help = help;
    family.type = type;
    return family;
}

Family Families::counter(std::string_view name, std::string_view help) {
    return begin(name, help, prometheus::MetricType::Counter);
}
Family Families::gauge(std::string_view name, std::string_view help) {
    return begin(name, help, prometheus::MetricType::Gauge);
}
Family Families::histogram(std::string_view name, std::string_view help) {
    return begin(name, help, prometheus::MetricType::Histogram);
}
Family Families::summary(std::string_view name, std::string_view help) {
    return begin(name, help, prometheus::MetricType::Summary);
}

void Families::announce(std::string_view name) { announced_.emplace_back(name); }

std::string Families::text() const {
    std::vector<prometheus::MetricFamily> present;
    std::copy_if(families_.begin(), families_.end(), std::back_inserter(present),
                 [this](const prometheus::MetricFamily& family) {
                     return !family.metric.empty() ||
                            std::find(announced_.begin(), announced_.end(), family.name) != announced_.end();
                 });
    return prometheus::TextSerializer().Serialize(present);
}

}  // namespace weir::telemetry

#include "telemetry/worker_metrics.hpp"

#include <algorithm>

namespace weir::telemetry {

void WorkerMetrics::set_classes(const std::vector<ClassLabel>& classes) {
    for (std::size_t i = 0; i < std::min(classes.size(), kMaxClasses); ++i) {
        ClassCounts* counts = classes_[i].load(std::memory_order_relaxed);
        if (counts == nullptr) {
            counts = owned_.emplace_back(std::make_unique<ClassCounts>()).get();
            classes_[i].store(counts, std::memory_order_release);
        }
        counts->set_objective(classes[i].first_token_slo.value_or(Duration::zero()));
    }
}

void WorkerMetrics::forget(ClassId cls) {
    const ClassCounts* gone = classes_[index(cls)].exchange(nullptr, std::memory_order_acq_rel);
    std::erase_if(owned_, [gone](const auto& counts) { return counts.get() == gone; });
}

void WorkerMetrics::forget(BackendId backend) {
    unclassified_.forget(backend);
    for (const auto& counts : owned_) counts->forget(backend);
}

void WorkerMetrics::forget(RuleId rule) {
    for (const auto& counts : owned_) counts->forget(rule);
}

ClassCounts& WorkerMetrics::counts_of(ClassId cls) {
    if (index(cls) >= kMaxClasses) return unclassified_;
    ClassCounts* counts = classes_[index(cls)].load(std::memory_order_acquire);
    return counts == nullptr ? unclassified_ : *counts;
}

void WorkerMetrics::connection_opened(ListenerId listener) {
    if (index(listener) < kMaxListeners) listeners_[index(listener)].opened.add(1);
}

void WorkerMetrics::connection_closed(ListenerId listener) {
    if (index(listener) < kMaxListeners) listeners_[index(listener)].closed.add(1);
}

void WorkerMetrics::connection_refused(ListenerId listener, ConnectionRefusal why) {
    if (index(listener) < kMaxListeners) listeners_[index(listener)].refused[static_cast<std::size_t>(why)].add(1);
}

void WorkerMetrics::add_to(ClassId cls, ClassTotals& totals) const {
    if (cls == kNoClass) return unclassified_.add_to(totals);
    const ClassCounts* counts =
        index(cls) < kMaxClasses ? classes_[index(cls)].load(std::memory_order_acquire) : nullptr;
    if (counts != nullptr) counts->add_to(totals);
}

void WorkerMetrics::add_to(ListenerId listener, ListenerTotals& totals) const {
    if (index(listener) >= kMaxListeners) return;
    const ListenerCounts& counts = listeners_[index(listener)];
    totals.closed += counts.closed.load();
    totals.opened += counts.opened.load();
    for (std::size_t i = 0; i < counts.refused.size(); ++i) totals.refused[i] += counts.refused[i].load();
}

}  // namespace weir::telemetry

#include "telemetry/telemetry.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "telemetry/access_log.hpp"
#include "telemetry/exposition.hpp"
#include "telemetry/names.hpp"
#include "telemetry/worker_metrics.hpp"

namespace weir::telemetry {
namespace {

// A worker's recorder: counts requests and logs them.
class WorkerRecorder final : public Recorder {
public:
    WorkerRecorder(AccessLog& log, std::size_t worker) : log_(log), worker_(worker) {}

    void record(const Record& record) override {
        metrics.record(record);
        log_.record(worker_, record);
    }
    void connection_opened(ListenerId listener) override { metrics.connection_opened(listener); }
    void connection_closed(ListenerId listener) override { metrics.connection_closed(listener); }
    void connection_refused(ListenerId listener, ConnectionRefusal why) override {
        metrics.connection_refused(listener, why);
    }
    void buffered(std::int64_t delta) override { metrics.buffered(delta); }

    WorkerMetrics metrics;

private:
    AccessLog& log_;
    std::size_t worker_;
};

Labels within_bounds(Labels labels) {
    labels.classes.resize(std::min(labels.classes.size(), kMaxClasses));
    labels.backends.resize(std::min(labels.backends.size(), kMaxBackends));
    labels.endpoints.resize(std::min(labels.endpoints.size(), kMaxEndpoints));
    labels.listeners.resize(std::min(labels.listeners.size(), kMaxListeners));
    labels.rules.resize(std::min(labels.rules.size(), kMaxRules));
    return labels;
}

}  // namespace

struct Telemetry::State {
    explicit State(std::size_t workers) : log(workers, names) {
        for (std::size_t i = 0; i < workers; ++i) recorders.emplace_back(log, i);
    }

    [[nodiscard]] Totals totals(const Labels& known) const;
    void forget_renamed(const Labels& before, const Labels& after);

    Names names;
    AccessLog log;
    std::deque<WorkerRecorder> recorders;
    std::mutex mutex;  // serialises changes, and guards `labels`
    std::shared_ptr<const Labels> labels;
};

void Telemetry::State::forget_renamed(const Labels& before, const Labels& after) {
    const auto each = [this](const auto& old, const auto& now, auto id) {
        for (std::size_t i = 0; i < std::min(old.size(), now.size()); ++i) {
            if (old[i].name == now[i].name) continue;
            for (WorkerRecorder& recorder : recorders) recorder.metrics.forget(decltype(id)(i));
        }
    };
    each(before.classes, after.classes, ClassId{});
    each(before.backends, after.backends, BackendId{});
    each(before.rules, after.rules, RuleId{});
}

Totals Telemetry::State::totals(const Labels& known) const {
    Totals totals;
    totals.classes.resize(known.classes.size());
    totals.listeners.resize(known.listeners.size());
    for (const WorkerRecorder& recorder : recorders) {
        const WorkerMetrics& metrics = recorder.metrics;
        for (std::size_t i = 0; i < totals.classes.size(); ++i) {
            metrics.add_to(ClassId{static_cast<std::uint16_t>(i)}, totals.classes[i]);
        }
        for (std::size_t i = 0; i < totals.listeners.size(); ++i) {
            metrics.add_to(ListenerId{static_cast<std::uint16_t>(i)}, totals.listeners[i]);
        }
        metrics.add_to(kNoClass, totals.unclassified);
        totals.buffered_bytes += metrics.buffered_bytes();
    }
    totals.access_log = log.counts();
    return totals;
}

Telemetry::Telemetry(std::size_t workers, Labels labels) : state_(std::make_unique<State>(workers)) {
    set_labels(std::move(labels));
}

Telemetry::~Telemetry() { shutdown(); }

Recorder& Telemetry::recorder(std::size_t worker) { return state_->recorders[worker]; }

void Telemetry::set_labels(Labels labels) {
    auto next = std::make_shared<const Labels>(within_bounds(std::move(labels)));
    const std::lock_guard lock(state_->mutex);
    if (state_->labels) state_->forget_renamed(*state_->labels, *next);
    state_->names.update(*next);
    for (WorkerRecorder& recorder : state_->recorders) recorder.metrics.set_classes(next->classes);
    state_->labels = std::move(next);
}

Result<void> Telemetry::reconfigure(const LoggingConfig& config) {
    const std::lock_guard lock(state_->mutex);
    return state_->log.reconfigure(config.access);
}

void Telemetry::reopen_access_log() {
    const std::lock_guard lock(state_->mutex);
    state_->log.reopen();
}

LogCounts Telemetry::log_counts() const { return state_->log.counts(); }

std::string Telemetry::metrics(const Scrape& scrape) const {
    std::unique_lock lock(state_->mutex);
    const std::shared_ptr<const Labels> labels = state_->labels;
    const Totals totals = state_->totals(*labels);
    lock.unlock();
    return write_metrics(*labels, totals, scrape);
}

void Telemetry::shutdown() {
    const std::lock_guard lock(state_->mutex);
    state_->log.shutdown();
}

}  // namespace weir::telemetry

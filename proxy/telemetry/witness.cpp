#include "telemetry/witness.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace weir::telemetry {
namespace {

class WorkerRecorder final : public Recorder {
 public:
  void record(const Record& /*record*/) override {}
  void connection_opened(ListenerId /*listener*/) override {}
  void connection_closed(ListenerId /*listener*/) override {}
  void connection_refused(ListenerId /*listener*/) override {}
  void buffered(std::int64_t /*delta*/) override {}
};

}  // namespace

struct Witness::State {
  std::vector<WorkerRecorder> recorders;
  std::mutex mutex;
  Labels labels;
};

Witness::Witness(std::size_t workers, Labels labels) : state_(std::make_unique<State>()) {
  state_->recorders = std::vector<WorkerRecorder>(workers);
  set_labels(std::move(labels));
}

Witness::~Witness() {
  shutdown();
}

Recorder& Witness::recorder(std::size_t worker) {
  return state_->recorders[worker];
}

void Witness::set_labels(Labels labels) {
  const std::lock_guard lock(state_->mutex);
  state_->labels = std::move(labels);
}

Result<void> Witness::reconfigure(const LoggingConfig& /*config*/) {
  return {};
}
void Witness::reopen_access_log() {}
std::string Witness::metrics(const Scrape& /*scrape*/) const {
  return {};
}
void Witness::shutdown() {}

}  // namespace weir::telemetry

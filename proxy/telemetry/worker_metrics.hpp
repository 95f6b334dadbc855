#pragma once
// All counts of one worker.
//
// The tables have an entry for every possible id, but a class's counts are allocated only when it gets its name: a
// pointer is published, and stays as long as a request may use the id. So the worker takes no lock, and a reload blocks
// no worker.
//
// Threading: record() and the other counting calls belong to the worker; set_classes() to the reloading thread, one at
// a time; the rest to any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "telemetry/class_counts.hpp"
#include "telemetry/labels.hpp"
#include "telemetry/record.hpp"
#include "telemetry/slot.hpp"

namespace weir::telemetry {

struct ListenerTotals {
    std::uint64_t opened = 0;
    std::uint64_t closed = 0;
    std::array<std::uint64_t, kConnectionRefusals.size()> refused{};
};

class WorkerMetrics final : public Recorder {
public:
    WorkerMetrics() = default;

    void set_classes(const std::vector<ClassLabel>& classes);
    // The id now belongs to another name: drops what was counted under it. REQUIRES: the worker counts nothing for it.
    void forget(ClassId cls);
    void forget(BackendId backend);
    void forget(RuleId rule);

    void record(const Record& record) override { counts_of(record.cls).count(record); }
    void connection_opened(ListenerId listener) override;
    void connection_closed(ListenerId listener) override;
    void connection_refused(ListenerId listener, ConnectionRefusal why) override;
    void buffered(std::int64_t delta) override { buffered_.add(delta); }

    // kNoClass: the requests without a class.
    void add_to(ClassId cls, ClassTotals& totals) const;
    void add_to(ListenerId listener, ListenerTotals& totals) const;
    [[nodiscard]] std::int64_t buffered_bytes() const { return buffered_.load(); }

private:
    struct ListenerCounts {
        Slot opened, closed;
        std::array<Slot, kConnectionRefusals.size()> refused;
    };

    [[nodiscard]] ClassCounts& counts_of(ClassId cls);

    ClassCounts unclassified_;
    std::array<std::atomic<ClassCounts*>, kMaxClasses> classes_{};
    std::array<ListenerCounts, kMaxListeners> listeners_;
    SignedSlot buffered_;
    std::vector<std::unique_ptr<ClassCounts>> owned_;
};

}  // namespace weir::telemetry

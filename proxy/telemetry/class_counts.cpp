#include "telemetry/class_counts.hpp"

namespace weir::telemetry {
namespace {

constexpr std::uint32_t kPublished = 1u << 31;  // no key is 0

constexpr std::uint32_t key_of(BackendId backend, int code) {
    return kPublished | static_cast<std::uint32_t>(index(backend)) << 10 | static_cast<std::uint32_t>(code);
}
constexpr BackendId backend_of(std::uint32_t key) { return BackendId{static_cast<std::uint16_t>(key >> 10)}; }
constexpr int code_of(std::uint32_t key) { return static_cast<int>(key & 0x3FF); }

static_assert(backend_of(key_of(kNoBackend, 599)) == kNoBackend && code_of(key_of(BackendId{7}, 599)) == 599);

}  // namespace

void BackendCounts::count(BackendId backend, int code, std::uint64_t amount) {
    const std::uint32_t key = key_of(backend, code);
    std::size_t at = (key * 0x9E3779B1u) >> 26;
    for (std::size_t probes = 0; probes < kSlots; ++probes, at = (at + 1) % kSlots) {
        Entry& entry = entries_[at];
        const std::uint32_t found = entry.key.load(std::memory_order_relaxed);
        if (found == 0) entry.key.store(key, std::memory_order_release);
        if (found == key || found == 0) return entry.count.add(amount);
    }
    overflow_.add(amount);
}

void BackendCounts::add_to(Totals& totals) const {
    for (const Entry& entry : entries_) {
        const std::uint32_t key = entry.key.load(std::memory_order_acquire);
        const std::uint64_t count = key == 0 ? 0 : entry.count.load();
        if (count > 0) totals[{backend_of(key), code_of(key)}] += count;
    }
    if (const std::uint64_t overflow = overflow_.load(); overflow > 0) totals[{kNoBackend, kOtherStatus}] += overflow;
}

void BackendCounts::forget(BackendId backend) {
    for (Entry& entry : entries_) {
        const std::uint32_t key = entry.key.load(std::memory_order_acquire);
        if (key != 0 && backend_of(key) == backend) entry.count.store(0);
    }
}

void ClassCounts::forget(BackendId backend) {
    responses_.forget(backend);
    tokens_.forget(backend);
}

void ClassCounts::forget(RuleId rule) {
    degraded_.enforced[index(rule)].store(0);
    degraded_.shadow[index(rule)].store(0);
}

void ClassCounts::count(const Record& record) {
    outcomes_[static_cast<std::size_t>(outcome_of(record.reason))].add(1);
    if (is_shed(record.reason)) shed_.enforced[static_cast<std::size_t>(record.reason)].add(1);
    if (is_failure(record.reason)) failures_[static_cast<std::size_t>(record.reason)].add(1);
    if (record.shadow && is_shed(record.shadow_reason)) {
        shed_.shadow[static_cast<std::size_t>(record.shadow_reason)].add(1);
    }
    if ((record.degraded_rules | record.spared_rules) != 0) count_rules(record);
    if (record.retry_count > 0) retries_seen_.add(1);
    const bool proper = record.status >= 100 && record.status <= 599;
    if (record.status != 0) responses_.count(record.backend, proper ? record.status : kOtherStatus);
    count_tokens(record);
    bytes_in_.add(record.bytes_in);
    bytes_out_.add(record.bytes_out);
    const Duration objective{objective_.load(std::memory_order_relaxed)};
    count_lengths(record, objective);
    if (objective == Duration::zero()) return;
    const SloVerdict verdict = judge_slo(record, objective);
    if (verdict != SloVerdict::excluded) slo_valid_.add(1);
    if (verdict == SloVerdict::good) slo_good_.add(1);
}

void ClassCounts::count_rules(const Record& record) {
    for (std::size_t i = 0; i < kMaxRules; ++i) {
        if ((record.degraded_rules >> i & 1U) != 0) degraded_.enforced[i].add(1);
        if ((record.spared_rules >> i & 1U) != 0) degraded_.shadow[i].add(1);
    }
}

void ClassCounts::count_lengths(const Record& record, Duration objective) {
    const bool sent = record.endpoint != kNoEndpoint;
    if (sent) {
        duration_.observe(record.duration);
        overhead_.observe(record.overhead);
    }
    if (sent || record.queue > Duration::zero()) queue_wait_.observe(record.queue);
    // An error is answered at once, and would make a failing backend look fast.
    if (record.first_byte <= Duration::zero() || record.status >= 400) return;
    if (objective > Duration::zero()) {
        first_token_.observe(record.first_byte, objective);
    } else {
        first_token_.observe(record.first_byte);
    }
}

void ClassCounts::count_tokens(const Record& record) {
    const auto add = [&](Direction direction, const TokenCount& count) {
        if (count.tokens > 0) tokens_.count(record.backend, token_code(direction, count.source), count.tokens);
    };
    add(Direction::in, record.tokens_in);
    add(Direction::out, record.tokens_out);
}

void ClassCounts::add_to(ClassTotals& totals) const {
    const Duration objective{objective_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i < kOutcomeCount; ++i) totals.outcomes[i] += outcomes_[i].load();
    for (std::size_t i = 0; i < kReasonCount; ++i) {
        totals.enforced[i] += shed_.enforced[i].load();
        totals.shadow[i] += shed_.shadow[i].load();
        totals.failures[i] += failures_[i].load();
    }
    for (std::size_t i = 0; i < kMaxRules; ++i) {
        totals.degraded[i] += degraded_.enforced[i].load();
        totals.spared[i] += degraded_.shadow[i].load();
    }
    totals.retries_seen += retries_seen_.load();
    // Read in the reverse order of writing, good before valid: a scrape must not show more good than valid.
    totals.slo_good += slo_good_.load();
    totals.slo_valid += slo_valid_.load();
    totals.bytes_in += bytes_in_.load();
    totals.bytes_out += bytes_out_.load();
    duration_.add_to(totals.duration, Duration::zero());
    first_token_.add_to(totals.first_token, objective);
    queue_wait_.add_to(totals.queue_wait, Duration::zero());
    overhead_.add_to(totals.overhead, Duration::zero());
    responses_.add_to(totals.responses);
    tokens_.add_to(totals.tokens);
}

}  // namespace weir::telemetry

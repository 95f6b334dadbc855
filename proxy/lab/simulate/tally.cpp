#include "lab/simulate/tally.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lab/simulate/trace.hpp"

namespace weir::simulate {
namespace {

constexpr std::size_t kSteady = 5;  // seconds

std::size_t end_of(const Window& window) { return static_cast<std::size_t>(std::ceil(seconds(window.to))); }

}  // namespace

void PrefixTally::add(const Outcome& outcome) {
    prompt_tokens += outcome.prompt;
    cached_tokens += outcome.cached;
    cacheable_tokens += outcome.cacheable;
    if (outcome.cacheable == 0) return;
    ++cacheable;
    cached += outcome.cached >= outcome.cacheable ? 1 : 0;
}

void PrefixTally::add(const PrefixTally& other) {
    prompt_tokens += other.prompt_tokens;
    cached_tokens += other.cached_tokens;
    cacheable_tokens += other.cacheable_tokens;
    cached += other.cached;
    cacheable += other.cacheable;
}

std::optional<double> Spread::imbalance() const {
    if (mean_ == 0) return std::nullopt;
    return largest_ / mean_;
}

std::optional<double> Spread::inflight() const {
    if (count_ == 0) return std::nullopt;
    return mean_ / count_;
}

void Tally::add(const Outcome& outcome, bool is_good) {
    ++offered;
    retries += outcome.tries - 1;
    if (is_good) ++good;
    computed += outcome.computed;
    prefixes.add(outcome);
    wasted += is_good ? outcome.lost : outcome.computed;
    if (!outcome.served) {
        ++unserved[static_cast<std::size_t>(outcome.reason)];
        return;
    }
    ++served;
    degraded += outcome.degraded ? 1 : 0;
    if (outcome.first_token) first_tokens.push_back(static_cast<float>(seconds(*outcome.first_token)));
}

std::uint64_t Tally::refused() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kReasonCount; ++i) sum += is_shed(kReasons[i].reason) ? unserved[i] : 0;
    return sum;
}

std::uint64_t Tally::failed() const { return offered - served - refused(); }

std::optional<double> Tally::goodput() const {
    if (offered == 0) return std::nullopt;
    return static_cast<double>(good) / static_cast<double>(offered);
}

std::optional<double> Tally::waste() const {
    if (computed == 0) return std::nullopt;
    return static_cast<double>(wasted) / static_cast<double>(computed);
}

std::optional<double> Tally::first_token(double q) {
    if (first_tokens.empty()) return std::nullopt;
    const auto rank = static_cast<std::ptrdiff_t>(std::ceil(q * static_cast<double>(first_tokens.size()))) - 1;
    const auto place = first_tokens.begin() + std::max<std::ptrdiff_t>(rank, 0);
    std::nth_element(first_tokens.begin(), place, first_tokens.end());
    return *place;
}

Books::Books(std::vector<std::optional<Duration>> slos, std::uint32_t clients, std::optional<Window> window)
    : slos_(std::move(slos)), window_(window), clients_(clients) {
    run_.classes.resize(slos_.size());
}

void Books::add(const Outcome& outcome) {
    ClassRun& run = run_.classes[index(outcome.cls)];
    const auto slo = slos_[index(outcome.cls)];
    const bool is_good = outcome.served && (!slo || outcome.first_token <= *slo);
    run.whole.add(outcome, is_good);
    run_.tries += outcome.tries;
    const auto second = static_cast<std::size_t>(seconds(outcome.arrival));
    if (run.good_by_second.size() <= second) run.good_by_second.resize(second + 1);
    if (is_good) ++run.good_by_second[second];
    if (window_ && !window_->has(outcome.arrival)) return;
    run.during.add(outcome, is_good);
    if (outcome.client == kNoClient) return;
    Client& client = clients_[outcome.client];
    client.cls = outcome.cls;
    ++client.offered;
    if (outcome.served) ++client.served;
}

Run Books::close(Duration length) {
    for (const Client& client : clients_) {
        if (client.offered == 0) continue;
        ClassRun& run = run_.classes[index(client.cls)];
        ++(client.served == client.offered ? run.clients_whole
           : client.served == 0            ? run.clients_not
                                           : run.clients_partly);
    }
    run_.length = length;
    return std::move(run_);
}

bool shows_recovery(const ClassRun& calm, const Window& window) {
    return end_of(window) + kSteady <= calm.good_by_second.size();
}

std::optional<std::uint32_t> recovery(const ClassRun& run, const ClassRun& calm, const Window& window) {
    const std::size_t end = end_of(window);
    const auto good = [](const ClassRun& of, std::size_t from) {
        double sum = 0;
        for (std::size_t i = from; i < std::min(from + kSteady, of.good_by_second.size()); ++i)
            sum += of.good_by_second[i];
        return sum;
    };
    const std::size_t last = calm.good_by_second.size();
    for (std::size_t second = end; second + kSteady <= last; ++second) {
        // If the calm run has no good answers either, nothing is proven.
        if (good(calm, second) > 0 && good(run, second) >= 0.99 * good(calm, second))
            return static_cast<std::uint32_t>(second - end);
    }
    return std::nullopt;
}

}  // namespace weir::simulate

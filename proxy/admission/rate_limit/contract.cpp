#include "admission/rate_limit/contract.hpp"

namespace weir::admission {
namespace {

// Nobody knows when a request in flight will end; a second is short for a person and long for a loop.
constexpr Duration kConcurrencyWait = 1s;

std::optional<Excess> over_concurrency(std::optional<std::uint32_t> limit, const Client& client, Gate gate,
                                       Reason reason) {
    if (!limit || client.present < *limit) return std::nullopt;
    return Excess{gate, reason, static_cast<double>(*limit), client.present + 1.0, kConcurrencyWait};
}

std::optional<Excess> over_rate(const std::optional<BucketRate>& rate, const Client& client, Gate gate, Reason reason,
                                TimePoint now) {
    if (!rate) return std::nullopt;
    const Duration wait = client.bucket.wait(*rate, 1, now);
    if (wait == Duration::zero()) return std::nullopt;
    return Excess{gate, reason, rate->burst(), rate->burst() - client.bucket.level(*rate, now) + 1, wait};
}

// Keeps the fill from one rate to the next; a rate that is new starts with a full bucket.
template <typename Buckets>
void carry_over(const std::optional<BucketRate>& from, const std::optional<BucketRate>& to, Buckets& buckets,
                TimePoint now) {
    if (from && to && (from->whole() != to->whole())) buckets.rescale(*from, *to, now);
}

}  // namespace

Contract::Limit::Limit(const LimitConfig& config)
    : concurrency(config.concurrency), shadow(config.mode == Mode::shadow) {
    if (config.requests) rate.emplace(*config.requests);
}

Contract::Contract(const ClassConfig& config, std::uint32_t client_table, TimePoint now)
    : class_limit_(config.limits),
      client_limit_(config.per_client),
      whole_{TokenBucket(now), 0, 0},
      clients_(client_table) {}

Contract::Finding Contract::check(ClientKey key, TimePoint now) const {
    const Client client = clients_.look(key);
    Finding finding;
    const auto note = [&finding](const Limit& limit, std::optional<Excess> excess) {
        auto& found = limit.shadow ? finding.shadow : finding.live;
        if (excess && !found) found = excess;
    };
    note(client_limit_,
         over_concurrency(client_limit_.concurrency, client, Gate::client_concurrency, Reason::client_concurrency));
    note(client_limit_, over_rate(client_limit_.rate, client, Gate::client_rate, Reason::client_rate, now));
    note(class_limit_,
         over_concurrency(class_limit_.concurrency, whole_, Gate::class_concurrency, Reason::class_concurrency));
    note(class_limit_, over_rate(class_limit_.rate, whole_, Gate::class_rate, Reason::class_rate, now));
    return finding;
}

ClientSlot Contract::enter(ClientKey client, TimePoint now) {
    ++whole_.present;
    return clients_.enter(client, now);
}

void Contract::charge(ClientSlot slot, TimePoint now) {
    if (class_limit_.rate) (void)whole_.bucket.try_take(*class_limit_.rate, 1, now);
    if (client_limit_.rate) (void)clients_.at(slot).bucket.try_take(*client_limit_.rate, 1, now);
}

void Contract::leave(ClientSlot slot) {
    --whole_.present;
    clients_.leave(slot);
}

void Contract::reconfigure(const ClassConfig& config, TimePoint now) {
    const Limit class_limit(config.limits);
    const Limit client_limit(config.per_client);
    carry_over(class_limit_.rate, class_limit.rate, whole_.bucket, now);
    if (!class_limit_.rate && class_limit.rate) whole_.bucket = TokenBucket(now);
    carry_over(client_limit_.rate, client_limit.rate, clients_, now);
    if (!client_limit_.rate && client_limit.rate) clients_.refill();
    class_limit_ = class_limit;
    client_limit_ = client_limit;
}

double Contract::fill(TimePoint now) const {
    return class_limit_.rate ? whole_.bucket.fill(*class_limit_.rate, now) : 1.0;
}

}  // namespace weir::admission

#include "admission/rate_limit/limits.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

// When a request in flight will end is unknown; a second is short for a person and long for a loop.
constexpr Duration kConcurrencyWait = 1s;

std::optional<BucketRate> rate_of(const std::optional<RateConfig>& config) {
    if (!config) return std::nullopt;
    return BucketRate(*config);
}

}  // namespace

struct ClassLimits::Words {
    Gate concurrency_gate;
    Reason concurrency;
    Gate rate_gate;
    Reason rate;
    Gate tokens_gate;
    Reason tokens;
    Gate video_gate;
    Reason video;
};

constexpr ClassLimits::Words ClassLimits::kClassWords{
    Gate::class_concurrency, Reason::class_concurrency, Gate::class_rate,  Reason::class_rate,
    Gate::class_tokens,      Reason::class_tokens,      Gate::class_video, Reason::class_video};
constexpr ClassLimits::Words ClassLimits::kClientWords{
    Gate::client_concurrency, Reason::client_concurrency, Gate::client_rate,  Reason::client_rate,
    Gate::client_tokens,      Reason::client_tokens,      Gate::client_video, Reason::client_video};

ClassLimits::Limit::Limit(const LimitConfig& config)
    : concurrency(config.concurrency),
      shadow(config.mode == Mode::shadow),
      meters_spending(config.tokens || config.video) {
    rates[Meter::requests] = rate_of(config.requests);
    rates[Meter::video] = rate_of(config.video);
    if (!config.tokens) return;
    rates[Meter::tokens] = rate_of(config.tokens->both);
    rates[Meter::input] = rate_of(config.tokens->input);
    rates[Meter::output] = rate_of(config.tokens->output);
}

ClassLimits::ClassLimits(const ClassConfig& config, std::uint32_t client_table, TimePoint now)
    : class_limit_(config.limits), client_limit_(config.per_client), clients_(client_table) {
    for (TokenBucket& bucket : whole_.buckets.all) bucket = TokenBucket(now);
}

std::optional<Excess> ClassLimits::excess(const Limit& limit, const Client& client, const Words& words, TimePoint now,
                                          const Tokens& estimate) {
    if (limit.concurrency && client.present >= *limit.concurrency) {
        return Excess{words.concurrency_gate, words.concurrency, static_cast<double>(*limit.concurrency),
                      client.present + 1.0, kConcurrencyWait};
    }
    return rate_excess(limit, client, words, now, estimate);
}

std::optional<Excess> ClassLimits::rate_excess(const Limit& limit, const Client& client, const Words& words,
                                               TimePoint now, const Tokens& estimate) {
    const auto over = [&](Meter meter, double wanted, Gate gate, Reason reason) -> std::optional<Excess> {
        const std::optional<BucketRate>& rate = limit.rates[meter];
        if (!rate || wanted <= 0) return std::nullopt;
        const double held = static_cast<double>(client.held[meter]);
        // A request for more than the bucket holds waits for a full one; otherwise it could never pass.
        const double amount = std::min(wanted, rate->burst());
        const TokenBucket& bucket = client.buckets[meter];
        const Duration missing = std::max(bucket.full_at(), now) - now;
        const Duration wait = missing + rate->time_for(held) + rate->cost(amount) - rate->whole();
        if (wait <= Duration::zero()) return std::nullopt;
        return Excess{gate, reason, rate->burst(), bucket.missing(*rate, now) + held + amount, wait};
    };
    if (const auto found = over(Meter::requests, 1, words.rate_gate, words.rate)) return found;
    if (!limit.meters_spending) return std::nullopt;
    for (const Meter meter : kSpentMeters) {
        const auto wanted = static_cast<double>(estimate.on(meter));
        const bool video = meter == Meter::video;
        const Gate gate = video ? words.video_gate : words.tokens_gate;
        if (const auto found = over(meter, wanted, gate, video ? words.video : words.tokens)) return found;
    }
    return std::nullopt;
}

ClassLimits::Finding ClassLimits::check(ClientKey key, TimePoint now, const Tokens& estimate) const {
    Finding finding;
    const auto note = [&finding](const Limit& limit, const std::optional<Excess>& found) {
        auto& first = limit.shadow ? finding.shadow : finding.live;
        if (found && !first) first = found;
    };
    note(client_limit_, excess(client_limit_, clients_.look(key), kClientWords, now, estimate));
    note(class_limit_, excess(class_limit_, whole_, kClassWords, now, estimate));
    return finding;
}

ClientSlot ClassLimits::enter(ClientKey client, TimePoint now) {
    ++whole_.present;
    return clients_.enter(client, now);
}

void ClassLimits::reserve(const Limit& limit, Client& client, TimePoint now, const Tokens& estimate, ScopeHold& hold) {
    hold = {};
    // A request over a shadow limit, or admitted because its class is in shadow, takes nothing from these buckets.
    hold.counts = !(limit.meters_spending || limit.shadow) || !rate_excess(limit, client, kClassWords, now, estimate);
    if (!hold.counts) return;
    if (const auto& rate = limit.rates[Meter::requests]) (void)client.buckets[Meter::requests].try_take(*rate, 1, now);
    if (!limit.meters_spending) return;
    for (const Meter meter : kSpentMeters) {
        const auto& rate = limit.rates[meter];
        if (!rate) continue;
        const double amount = std::min(static_cast<double>(estimate.on(meter)), rate->burst());
        hold.held[meter] = static_cast<std::uint32_t>(amount);
        client.held[meter] += hold.held[meter];
    }
}

void ClassLimits::charge(ClientSlot slot, TimePoint now, const Tokens& estimate, Reservation& reservation) {
    reserve(class_limit_, whole_, now, estimate, reservation.of_class);
    reserve(client_limit_, clients_.at(slot), now, estimate, reservation.of_client);
    reservation.spent = {};
    reservation.active = meters_spending();
}

void ClassLimits::account(const Limit& limit, Client& client, ScopeHold& hold, const Tokens& before,
                          const Tokens& after, TimePoint now) {
    if (!hold.counts || !limit.meters_spending) return;
    for (const Meter meter : kSpentMeters) {
        const auto& rate = limit.rates[meter];
        const std::uint64_t was = before.on(meter);
        const std::uint64_t is = after.on(meter);
        if (!rate || was == is) continue;
        TokenBucket& bucket = client.buckets[meter];
        if (is < was) {
            if (now < hold.full_at) bucket.refund(*rate, static_cast<double>(was - is));
            continue;
        }
        const auto held = static_cast<std::uint32_t>(std::min<std::uint64_t>(hold.held[meter], is - was));
        hold.held[meter] -= held;
        client.held[meter] -= held;
        bucket.charge(*rate, static_cast<double>(is - was), now);
        const bool first = hold.full_at == TimePoint::min();
        if (first || was == 0) hold.full_at = first ? bucket.full_at() : std::min(hold.full_at, bucket.full_at());
    }
}

void ClassLimits::release(Client& client, ScopeHold& hold) {
    for (const Meter meter : kSpentMeters) client.held[meter] -= hold.held[meter];
    hold = {};
}

void ClassLimits::spend(ClientSlot slot, Reservation& reservation, const Tokens& spent, TimePoint now) {
    if (!reservation.active) return;
    account(class_limit_, whole_, reservation.of_class, reservation.spent, spent, now);
    account(client_limit_, clients_.at(slot), reservation.of_client, reservation.spent, spent, now);
    reservation.spent = spent;
}

void ClassLimits::settle(ClientSlot slot, Reservation& reservation, const Tokens& spent, TimePoint now) {
    if (!reservation.active) return;
    spend(slot, reservation, spent, now);
    reservation.active = false;
    release(whole_, reservation.of_class);
    release(clients_.at(slot), reservation.of_client);
}

void ClassLimits::leave(ClientSlot slot) {
    --whole_.present;
    clients_.leave(slot);
}

Allowance ClassLimits::allowance(ClientKey key, TimePoint now) const {
    const Client client = clients_.look(key);
    Allowance allowance;
    const auto note = [&](const Limit& limit, const Client& of) {
        if (limit.shadow) return;
        for (std::size_t i = 0; i < kMeterCount; ++i) {
            const auto meter = static_cast<Meter>(i);
            const auto& rate = limit.rates[meter];
            if (!rate) continue;
            const double missing = of.buckets[meter].missing(*rate, now) + static_cast<double>(of.held[meter]);
            const Allowance::Of found{rate->burst(), std::max(0.0, rate->burst() - missing), rate->time_for(missing)};
            Allowance::Of& tightest = allowance.of[i];
            if (tightest.limit == 0 || found.remaining < tightest.remaining) tightest = found;
        }
    };
    note(client_limit_, client);
    note(class_limit_, whole_);
    return allowance;
}

void ClassLimits::reconfigure(const ClassConfig& config, TimePoint now) {
    const Limit class_limit(config.limits);
    const Limit client_limit(config.per_client);
    for (std::size_t i = 0; i < kMeterCount; ++i) {
        const auto meter = static_cast<Meter>(i);
        const auto& of_class = class_limit.rates[meter];
        const auto& was_of_class = class_limit_.rates[meter];
        if (of_class && was_of_class) whole_.buckets[meter].rescale(*was_of_class, *of_class, now);
        if (of_class && !was_of_class) whole_.buckets[meter] = TokenBucket(now);
        const auto& of_client = client_limit.rates[meter];
        const auto& was_of_client = client_limit_.rates[meter];
        const bool differs = of_client && was_of_client && of_client->whole() != was_of_client->whole();
        if (differs) clients_.rescale(meter, *was_of_client, *of_client, now);
        if (of_client && !was_of_client) clients_.refill(meter);
    }
    class_limit_ = class_limit;
    client_limit_ = client_limit;
}

double ClassLimits::fill(TimePoint now) const {
    double emptiest = 1;
    for (std::size_t i = 0; i < kMeterCount; ++i) {
        const auto& rate = class_limit_.rates.all[i];
        if (!rate) continue;
        const double missing = whole_.buckets.all[i].missing(*rate, now) + static_cast<double>(whole_.held.all[i]);
        emptiest = std::min(emptiest, std::clamp(1 - missing / rate->burst(), 0.0, 1.0));
    }
    return emptiest;
}

}  // namespace weir::admission

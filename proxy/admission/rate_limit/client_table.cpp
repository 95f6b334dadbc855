#include "admission/rate_limit/client_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <new>
#include <type_traits>

namespace weir::admission {
namespace {

// The slot of the shared entry; slots below it number the ways of all sets.
constexpr ClientSlot kShared{0xFFFF'FFFE};

Buckets emptier(const Buckets& a, const Buckets& b) {
    Buckets emptiest;
    for (std::size_t i = 0; i < kMeterCount; ++i) {
        emptiest.all[i] = TokenBucket(std::max(a.all[i].full_at(), b.all[i].full_at()));
    }
    return emptiest;
}

// When all of them are full.
TimePoint full_at(const Buckets& buckets) {
    TimePoint last = buckets.all[0].full_at();
    for (const TokenBucket& bucket : buckets.all) last = std::max(last, bucket.full_at());
    return last;
}

}  // namespace

void ClientTable::Free::operator()(Set* sets) const { std::free(sets); }

ClientTable::ClientTable(std::uint32_t bound)
    : set_bits_(std::countr_zero(std::bit_ceil((std::max(bound, 1U) + kWays - 1) / kWays))) {
    // All-zero bytes are an empty set (full buckets at the clock's epoch). calloc's fresh pages cost no memory until
    // they are touched, which a vector's would.
    static_assert(std::is_trivially_destructible_v<Set> && std::is_trivially_copyable_v<Set>);
    void* memory = std::calloc(std::size_t{1} << set_bits_, sizeof(Set));
    if (memory == nullptr) throw std::bad_alloc();
    sets_.reset(static_cast<Set*>(memory));
}

std::size_t ClientTable::set_of(ClientKey key) const {
    // Keys are keyed hashes already; Fibonacci hashing also spreads the small numbers of tests.
    return set_bits_ == 0 ? 0 : (key * 0x9E37'79B9'7F4A'7C15U) >> (64 - set_bits_);
}

const ClientTable::Entry* ClientTable::find(const Set& set, ClientKey key) const {
    for (const Entry& entry : set.ways) {
        if (entry.used && entry.key == key) return &entry;
    }
    return nullptr;
}

const ClientTable::Entry* ClientTable::cheapest(const Set& set) const {
    const Entry* cheapest = nullptr;
    for (const Entry& entry : set.ways) {
        if (!entry.used) return &entry;
        if (entry.client.present > 0) continue;
        if (cheapest == nullptr || full_at(entry.client.buckets) < full_at(cheapest->client.buckets)) cheapest = &entry;
    }
    return cheapest;
}

Buckets ClientTable::first_buckets(const Set& set, const Entry& given_up) const {
    // A client that moves here from the shared entry must not get a fuller bucket either.
    const Buckets start = emptier(set.forgotten, shared_.buckets);
    return given_up.used ? emptier(start, given_up.client.buckets) : start;
}

Client ClientTable::look(ClientKey key) const {
    const Set& set = sets_[set_of(key)];
    if (const Entry* entry = find(set, key)) return entry->client;
    const Entry* space = cheapest(set);
    if (space == nullptr) return shared_;
    return {first_buckets(set, *space), {}, 0, 0};
}

ClientSlot ClientTable::enter(ClientKey key, TimePoint now) {
    Set& set = sets_[set_of(key)];
    Entry* entry = const_cast<Entry*>(find(set, key));
    if (entry == nullptr) {
        entry = const_cast<Entry*>(cheapest(set));
        if (entry == nullptr) {
            ++shared_.present;
            return kShared;
        }
        const Buckets start = first_buckets(set, *entry);
        if (!entry->used) {
            ++size_;
        } else if (full_at(entry->client.buckets) > now) {
            // A full bucket with no request present is what any new client has: only the others are a loss.
            ++evictions_;
            set.forgotten = emptier(set.forgotten, entry->client.buckets);
        }
        *entry = {key, {start, {}, 0, 0}, true};
    }
    ++entry->client.present;
    const auto set_number = static_cast<std::size_t>(&set - sets_.get());
    return ClientSlot{static_cast<std::uint32_t>(set_number * kWays + static_cast<std::size_t>(entry - set.ways))};
}

Client& ClientTable::at(ClientSlot slot) {
    if (slot == kShared) return shared_;
    const auto number = static_cast<std::size_t>(slot);
    return sets_[number / kWays].ways[number % kWays].client;
}

void ClientTable::leave(ClientSlot slot) {
    Client& client = at(slot);
    assert(client.present > 0);
    --client.present;
}

void ClientTable::rescale(Meter meter, const BucketRate& from, const BucketRate& to, TimePoint now) {
    for (std::size_t i = 0; i < std::size_t{1} << set_bits_; ++i) {
        for (Entry& entry : sets_[i].ways) {
            if (entry.used) entry.client.buckets[meter].rescale(from, to, now);
        }
        sets_[i].forgotten[meter].rescale(from, to, now);
    }
    shared_.buckets[meter].rescale(from, to, now);
}

void ClientTable::refill(Meter meter) {
    for (std::size_t i = 0; i < std::size_t{1} << set_bits_; ++i) {
        for (Entry& entry : sets_[i].ways) entry.client.buckets[meter] = TokenBucket();
        sets_[i].forgotten[meter] = TokenBucket();
    }
    shared_.buckets[meter] = TokenBucket();
}

}  // namespace weir::admission

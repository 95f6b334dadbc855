#pragma once
// What is remembered of each client of a class: its buckets, how many of its requests are present (in flight or
// queued), and its turn where the class is shed evenly.
//
// The memory is bounded whatever clients do. Entries live in sets of eight; a client's key selects its set. When the
// set is full, the entry that loses least is evicted: no requests present, and the fullest buckets. So that forcing an
// eviction does not pay, each set remembers how empty the emptiest buckets were that it evicted, and new clients start
// no fuller than that. An entry with requests present is never evicted; while all eight have some, new clients of the
// set share one entry of the whole table: they are counted and rate limited together until an entry is free.
//
// No call allocates. Not thread-safe: the judge's lock covers it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "admission/place.hpp"
#include "admission/rate_limit/meter.hpp"

namespace weir::admission {

struct Client {
    Buckets buckets;
    PerMeter<std::uint64_t> held;  // LLM tokens that its requests have reserved
    std::uint32_t present = 0;
    std::uint64_t finish_tag = 0;  // of start-time fair queueing: the earliest turn of its next request
};

class ClientTable {
public:
    // Remembers at least `bound` clients, rounded up to a power of two of sets. Pages are touched only when used.
    explicit ClientTable(std::uint32_t bound);

    // The client as it is, or as it would start. Changes nothing, so a refusal leaves no trace.
    [[nodiscard]] Client look(ClientKey key) const;

    // Counts one more request of the client as present, and returns its slot, for `at` and `leave`.
    [[nodiscard]] ClientSlot enter(ClientKey key, TimePoint now);
    // REQUIRES: `slot` came from `enter` and has not been left since.
    [[nodiscard]] Client& at(ClientSlot slot);
    void leave(ClientSlot slot);

    // Moves every bucket of a meter to another rate, each as full as it was. Scans the table.
    void rescale(Meter meter, const BucketRate& from, const BucketRate& to, TimePoint now);
    // Makes every bucket of a meter full: for a rate that is new.
    void refill(Meter meter);

    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uint64_t evictions() const { return evictions_; }

private:
    static constexpr std::size_t kWays = 8;
    struct Entry {
        ClientKey key;
        Client client;
        bool used;
    };
    struct Set {
        Entry ways[kWays];
        Buckets forgotten;  // the emptiest that were evicted
    };
    struct Free {
        void operator()(Set* sets) const;
    };

    [[nodiscard]] std::size_t set_of(ClientKey key) const;
    [[nodiscard]] const Entry* find(const Set& set, ClientKey key) const;
    // The entry that a new client may have: an unused one, else the one that loses least; null when all are in use.
    [[nodiscard]] const Entry* cheapest(const Set& set) const;
    [[nodiscard]] Buckets first_buckets(const Set& set, const Entry& given_up) const;

    int set_bits_;
    std::unique_ptr<Set[], Free> sets_;
    Client shared_;  // of new clients whose set is in use
    std::uint32_t size_ = 0;
    std::uint64_t evictions_ = 0;
};

}  // namespace weir::admission

#pragma once
// Tells which kind of quota refuses: requests at once, or requests a second.
//
// A limit of M at once separates requests by how many others they were sent beside: those beside M or more are refused,
// the others accepted. Under a limit of a rate, that number says nothing: a refused request has about as many others
// beside it as the accepted ones before and after it. So each refusal is compared with the 64 requests accepted before
// it, and with those accepted from it to the next refusal. The share of them that had as many others beside them or
// more is near 0 under a limit at once, and about a half under a rate; it is averaged over about five refusals. It is
// a share, because answers and requests under way blur the count.
//
// Once the number at once is what is kept, all requests have about the same number beside them, and that share says
// little. Then the refusals' own numbers tell: under a limit at once they stay where they are, under a rate they rise
// and fall by a sixth again and again.
//
// Requests beside are counted without those that proved refused later. Refusals of requests that were sent before the
// first of them was known count as one. A request counts as accepted when no refusal came in the time that refusals
// take.
//
// Not thread-safe: the judge's lock covers it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace weir::admission {

// A request that is still to be refused or accepted.
struct Undecided {
    std::uint64_t number = 0;
    TimePoint sent{};
    std::uint32_t beside = 0;    // others in flight
    std::uint64_t refusals = 0;  // ever, until it was sent
    bool at_limit = false;       // no more were allowed at once
    bool refused = false;

    // `beside` without those that were refused meanwhile.
    [[nodiscard]] std::uint32_t truly_beside(std::uint64_t refusals_now) const {
        const std::uint64_t fewer = refusals_now - refusals;
        return fewer >= beside ? 0 : beside - static_cast<std::uint32_t>(fewer);
    }
};

// The latest requests, oldest first. When it is full, more are not kept: a sample is enough.
class UndecidedRequests {
public:
    void add(const Undecided& request) {
        if (size_ < kMax) ring_[(first_ + size_++) % kMax] = request;
    }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // REQUIRES: not empty.
    [[nodiscard]] const Undecided& oldest() const { return ring_[first_]; }
    void drop_oldest() {
        first_ = (first_ + 1) % kMax;
        --size_;
    }
    [[nodiscard]] Undecided* find(std::uint64_t number);

private:
    static constexpr std::size_t kMax = 256;
    std::array<Undecided, kMax> ring_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

class QuotaKind {
public:
    // Whether requests at once are what is limited.
    [[nodiscard]] bool is_at_once() const { return at_once_; }

    void accepted(std::uint32_t beside);
    // The first refusal of an episode.
    void refused(std::uint32_t beside);

private:
    static constexpr std::size_t kBefore = 64;
    // Ends the comparison of the last refusal.
    void conclude();
    // Watches refusals rise and fall.
    void watch(std::uint32_t beside);

    double share_ = 0.4;
    bool at_once_ = false;
    std::array<std::uint32_t, kBefore> beside_{};  // of the latest accepted requests
    std::uint64_t accepted_ = 0;                   // ever

    std::optional<std::uint32_t> refused_beside_;  // of the last refusal
    std::uint64_t compared_ = 0;                   // with so many
    std::uint64_t not_fewer_ = 0;                  // of these, had as many beside them or more
    std::uint64_t accepted_since_ = 0;

    std::uint32_t lowest_ = 0;  // of the refusals since the last rise
    unsigned rises_ = 0;
    unsigned watched_ = 0;
};

}  // namespace weir::admission

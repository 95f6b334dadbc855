#pragma once
// Prefix affinity: requests of one conversation go to one endpoint, whose prefix cache then has most of the prompt,
// unless that would load it much more than the others.
//
// Bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018), over
// rendezvous hashing (D. Thaler, C. Ravishankar, 1998) instead of their ring: with tens of endpoints, comparing all of
// them is cheap, and only the keys of an endpoint that goes are moved, evenly over all others.
//
//   score(x, e)  = -share(e) / ln u      u: a hash of the key and the endpoint's URL, as a fraction between 0 and 1
//   bound(x, e)  = ceil(c(x) (m + 1) w(e) / W)      m: requests in flight, w(e): S x share, W: its sum
//   c(x)         = 1 + 0.16 in(x) / in, at most 1.5    in: the mean prompt
//   x goes to the endpoint that had its conversation's last request if n + 1 <= bound and it fits, otherwise to the one
//   with the largest score among those
//
// A conversation that was sent elsewhere once stays there: its prompt is there now, and the way back would cost it a
// second time. Long prompts may exceed the mean load by more than short ones, for what is lost by a move is the prompt:
// with few requests in flight chance alone exceeds any small bound, and then the short ones make way. Decisions.md has
// what each of the two is worth.
//
// By the weights of the shares, an endpoint that comes back slowly takes its part of new conversations. As the bounds
// add up to more than m, some endpoint is always within its own. Requests that failed count as in the comparison by
// room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace weir::admission {

struct Endpoint;

// Of a key on an endpoint: of two endpoints, the one with the larger score is preferred.
[[nodiscard]] double affinity_score(std::uint64_t key, std::uint64_t name_hash, double share);

// How much each of the available endpoints may have in flight when one more request is added.
class LoadBound {
public:
    // `slack`: c(x).
    LoadBound(const std::vector<std::unique_ptr<Endpoint>>& endpoints, double slack);

    [[nodiscard]] bool allows(const Endpoint& endpoint) const;

private:
    double slack_;
    double load_ = 1;    // with the request that is added
    double weight_ = 0;  // of all
};

// Where the last request of each conversation went, of the 16,384 that were active last (256 KiB), and how long their
// prompts are. What is forgotten is decided by score again.
class Conversations {
public:
    // REQUIRES: neither is zero.
    void note(std::uint64_t key, std::uint64_t name_hash, std::uint32_t prompt_tokens);
    // The endpoint's hash; zero when it is not known.
    [[nodiscard]] std::uint64_t endpoint_of(std::uint64_t key) const;
    // c(x).
    [[nodiscard]] double slack(std::uint32_t prompt_tokens) const;

private:
    static constexpr std::size_t kSets = 4096;
    static constexpr std::size_t kWays = 4;
    struct Entry {
        std::uint64_t key = 0;
        std::uint64_t name_hash = 0;
    };
    using Set = std::array<Entry, kWays>;  // the last noted first

    std::vector<Set> sets_;  // none until the first is noted
    double mean_prompt_ = 0;
    std::uint32_t prompts_ = 0;  // in the mean
};

}  // namespace weir::admission

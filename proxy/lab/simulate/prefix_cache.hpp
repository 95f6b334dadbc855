#pragma once
// The prefix cache of one engine: which beginnings of prompts its KV cache still has.
//
// A prompt begins with a prefix that many requests share (a system prompt), goes on with what its conversation has said
// so far, and ends with what is new. Engines cache blocks of 16 tokens by all that precedes them (vLLM's automatic
// prefix caching; SGLang's radix tree); here the two parts are one entry each, whose length grows with the
// conversation. A conversation counts only behind its prefix, as in the engines. The least recently used go first.
//
// A lookup costs O(1). Not thread-safe.

#include <cstdint>
#include <list>
#include <unordered_map>

namespace weir::simulate {

// What a prompt repeats of others. Zero names nothing.
struct Lineage {
    std::uint64_t conversation = 0;   // requests of one conversation each begin with all that it has said before
    std::uint64_t prefix = 0;         // requests of one prefix begin with the same tokens
    std::uint32_t prefix_tokens = 0;  // how many
};

class PrefixCache {
public:
    static constexpr std::uint32_t kBlock =
        16;  // tokens: vLLM's and SGLang's block, of which only whole ones are cached

    explicit PrefixCache(std::uint64_t capacity) : capacity_(capacity) {}

    // The tokens of a prompt that need not be computed. The last one always is: its output is the answer's first token.
    [[nodiscard]] std::uint32_t find(const Lineage& lineage, std::uint32_t prompt_tokens);

    // All of these tokens are in the cache from now on, or as many as fit.
    void keep(const Lineage& lineage, std::uint32_t tokens);

    [[nodiscard]] std::uint64_t used() const { return used_; }

private:
    struct Entry {
        std::uint64_t name = 0;
        std::uint32_t tokens = 0;
    };
    using Entries = std::list<Entry>;  // the most recently used first

    // Its length, and it is the most recently used; zero when it is not there.
    std::uint32_t use(std::uint64_t name);
    void grow(std::uint64_t name, std::uint32_t tokens);
    void make_room();

    std::uint64_t capacity_;  // tokens
    std::uint64_t used_ = 0;
    Entries entries_;
    std::unordered_map<std::uint64_t, Entries::iterator> by_name_;
};

}  // namespace weir::simulate

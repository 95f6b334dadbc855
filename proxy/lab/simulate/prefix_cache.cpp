#include "lab/simulate/prefix_cache.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace weir::simulate {
namespace {

std::uint32_t whole_blocks(std::uint32_t tokens) { return tokens - tokens % PrefixCache::kBlock; }

std::uint32_t shared_tokens(const Lineage& lineage, std::uint32_t tokens) {
    return lineage.prefix == 0 ? 0 : std::min(lineage.prefix_tokens, tokens);
}

// Names of prefixes and of conversations must not meet.
std::uint64_t prefix_name(const Lineage& lineage) { return mix(~lineage.prefix); }

}  // namespace

std::uint32_t PrefixCache::find(const Lineage& lineage, std::uint32_t prompt_tokens) {
    const std::uint32_t shared = shared_tokens(lineage, prompt_tokens);
    const std::uint32_t own = lineage.conversation == 0 ? 0 : use(lineage.conversation);
    // Used later than what follows it, so that it goes later, too.
    std::uint32_t found = shared > 0 ? std::min(use(prefix_name(lineage)), shared) : 0;
    if (found == shared) found += std::min(own, prompt_tokens - shared);
    return whole_blocks(std::min(found, prompt_tokens - 1));
}

void PrefixCache::keep(const Lineage& lineage, std::uint32_t tokens) {
    const std::uint32_t shared = shared_tokens(lineage, tokens);
    if (lineage.conversation != 0) grow(lineage.conversation, tokens - shared);
    if (shared > 0) grow(prefix_name(lineage), shared);
    make_room();
}

std::uint32_t PrefixCache::use(std::uint64_t name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return 0;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->tokens;
}

void PrefixCache::grow(std::uint64_t name, std::uint32_t tokens) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        entries_.push_front({name, 0});
        by_name_.emplace(name, entries_.begin());
    } else {
        entries_.splice(entries_.begin(), entries_, found->second);
    }
    Entry& entry = entries_.front();
    const std::uint32_t more = std::max(tokens, entry.tokens) - entry.tokens;
    entry.tokens += more;
    used_ += more;
}

void PrefixCache::make_room() {
    while (used_ > capacity_ && !entries_.empty()) {
        Entry& last = entries_.back();
        const auto excess = static_cast<std::uint32_t>(std::min<std::uint64_t>(used_ - capacity_, last.tokens));
        last.tokens -= excess;
        used_ -= excess;
        if (last.tokens > 0) return;
        by_name_.erase(last.name);
        entries_.pop_back();
    }
}

}  // namespace weir::simulate

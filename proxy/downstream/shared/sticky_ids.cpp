#include "downstream/shared/sticky_ids.hpp"

#include <functional>

namespace weir::downstream {
namespace {

std::uint64_t hash_of(std::string_view id) { return std::hash<std::string_view>()(id); }

}  // namespace

void StickyIds::note(std::string_view id, EndpointId endpoint, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t hash = hash_of(id);
    const auto known = by_id_.find(hash);
    if (known != by_id_.end()) {
        entries_.erase(known->second);
        by_id_.erase(known);
    }
    shrink_to(config_.ids - 1);
    entries_.push_front({hash, endpoint, now + config_.keep});
    by_id_.emplace(hash, entries_.begin());
}

EndpointId StickyIds::find(std::string_view id, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto known = by_id_.find(hash_of(id));
    if (known == by_id_.end()) return kNoEndpoint;
    Entry& entry = *known->second;
    if (entry.until <= now) {
        entries_.erase(known->second);
        by_id_.erase(known);
        return kNoEndpoint;
    }
    entry.until = now + config_.keep;
    entries_.splice(entries_.begin(), entries_, known->second);
    return entry.endpoint;
}

void StickyIds::forget(EndpointId endpoint) {
    const std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        if (entry->endpoint == endpoint) {
            by_id_.erase(entry->id);
            entries_.erase(entry);
        }
        entry = next;
    }
}

void StickyIds::reconfigure(const upstream::StickyConfig& config) {
    const std::lock_guard lock(mutex_);
    config_ = config;
    shrink_to(config_.ids);
}

std::size_t StickyIds::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

void StickyIds::shrink_to(std::size_t size) {
    while (entries_.size() > size) {
        by_id_.erase(entries_.back().id);
        entries_.pop_back();
    }
}

}  // namespace weir::downstream

#include "downstream/shared/idempotency.hpp"

#include <utility>

#include "admission/classify/siphash.hpp"

namespace weir::downstream {
namespace {

std::uint64_t hash_of(admission::SipKey key, std::string_view text) {
    return admission::siphash(key, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

IdempotencyKeys::Hash IdempotencyKeys::hash(admission::ClientKey client, std::string_view path, std::string_view key) {
    return hash_of({client, hash_of({client, 0}, path)}, key);
}

IdempotencyKeys::Standing IdempotencyKeys::begin(Hash hash) {
    const std::lock_guard lock(mutex_);
    if (!in_flight_.insert(hash).second) return Standing::in_flight;
    if (seen_before_.contains(hash) || seen_.contains(hash)) return Standing::repeated;
    if (seen_.size() >= kGeneration) {
        seen_before_ = std::exchange(seen_, {});
    }
    seen_.insert(hash);
    return Standing::first;
}

void IdempotencyKeys::end(Hash hash) {
    const std::lock_guard lock(mutex_);
    in_flight_.erase(hash);
}

std::size_t IdempotencyKeys::size() const {
    const std::lock_guard lock(mutex_);
    return in_flight_.size() + seen_.size() + seen_before_.size();
}

}  // namespace weir::downstream

#pragma once
// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): with `Idempotency-Key` a client declares two requests
// to be the same one. While the first is in flight, the second is answered 409 instead of being run as well, as the
// draft specifies; SDKs retry on 409. A key that was used before marks a retry.
//
// Only a keyed hash of a key is stored. There are at most as many in flight as there are connections; of the others the
// last 32,768 to 65,536 are remembered.
//
// Threading: any thread. Requests without a key never come here.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include "admission/place.hpp"

namespace weir::downstream {

class IdempotencyKeys {
public:
    using Hash = std::uint64_t;

    // Keys of different clients or paths never collide.
    [[nodiscard]] static Hash hash(admission::ClientKey client, std::string_view path, std::string_view key);

    enum class Standing : std::uint8_t {
        first,      // not used before
        repeated,   // used before, and not in flight
        in_flight,  // the same request is being served: do not run it, and do not call end()
    };

    [[nodiscard]] Standing begin(Hash hash);
    // REQUIRES: begin() returned first or repeated.
    void end(Hash hash);

    [[nodiscard]] std::size_t size() const;

private:
    static constexpr std::size_t kGeneration = 32'768;

    mutable std::mutex mutex_;
    std::unordered_set<Hash> in_flight_;
    std::unordered_set<Hash> seen_;
    std::unordered_set<Hash> seen_before_;  // the previous generation
};

}  // namespace weir::downstream

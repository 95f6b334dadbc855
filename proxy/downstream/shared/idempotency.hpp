#pragma once
// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): by `Idempotency-Key` a client says that two requests
// are the same one. While the first is in flight, the second is answered 409 and not run as well, as the draft has it;
// SDKs come back on 409. A key that was seen before marks a retry.
//
// What is kept of a key is a keyed hash. Those in flight are as many as there are connections at most; of those seen,
// the last 32,768 to 65,536 are remembered.
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

    // Two clients' keys, or keys of two paths, are never the same.
    [[nodiscard]] static Hash hash(admission::ClientKey client, std::string_view path, std::string_view key);

    enum class Standing : std::uint8_t {
        first,      // not seen before
        repeated,   // seen before, and not in flight
        in_flight,  // the same request is being served: not to be run, and not to be ended here
    };

    [[nodiscard]] Standing begin(Hash hash);
    // REQUIRES: begin() said first or repeated.
    void end(Hash hash);

    [[nodiscard]] std::size_t size() const;

private:
    static constexpr std::size_t kGeneration = 32'768;

    mutable std::mutex mutex_;
    std::unordered_set<Hash> in_flight_;
    std::unordered_set<Hash> seen_;
    std::unordered_set<Hash> seen_before_;  // the generation before
};

}  // namespace weir::downstream

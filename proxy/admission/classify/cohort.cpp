#include "admission/classify/cohort.hpp"

#include "admission/law.hpp"

namespace weir::admission {
namespace {

// The finalizer of MurmurHash3 (A. Appleby, public domain): a bijection in which every input bit reaches every output
// bit. The client's hash is keyed already; this only has to mix in the hour.
constexpr std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 33;
    x *= 0xFF51'AFD7'ED55'8CCDU;
    x ^= x >> 33;
    x *= 0xC4CE'B9FE'1A85'EC53U;
    return x ^ x >> 33;
}

}  // namespace

std::uint16_t cohort_of(ClientKey client, std::chrono::seconds wall) {
    constexpr auto kHour = std::chrono::duration_cast<std::chrono::seconds>(law::kCohortTime).count();
    const auto own_minute = static_cast<std::int64_t>(mix(client) % static_cast<std::uint64_t>(kHour));
    const auto hour = static_cast<std::uint64_t>((wall.count() + own_minute) / kHour);
    return static_cast<std::uint16_t>(mix(client ^ mix(hour)) % law::kCohorts);
}

}  // namespace weir::admission

#pragma once
// The words the stand-in model says: each is one token, and the same seed says the same again.

#include <cstdint>
#include <string_view>

namespace weir::mock {

// Number `index` of the answer `answer`; from the second on with the space before it, as tokens have it. Safe in JSON
// as it is.
[[nodiscard]] std::string_view word(std::uint64_t seed, std::uint64_t answer, std::uint32_t index);

}  // namespace weir::mock

#pragma once
// The words of the stand-in model: each is one token, and the same seed gives the same words.

#include <cstdint>
#include <string_view>

namespace weir::mock {

// Word `index` of the answer `answer`; from the second on with a leading space, as tokens have it. Safe in JSON without
// escaping.
[[nodiscard]] std::string_view word(std::uint64_t seed, std::uint64_t answer, std::uint32_t index);

}  // namespace weir::mock

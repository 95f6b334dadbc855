// The body rewriter: one change, compared with what Boost.JSON makes of it, and byte by byte.

#include "fuzz/input.hpp"
#include "support/json_referee.hpp"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const auto member = static_cast<ai::Member>(input.choice / 2 % ai::kMemberCount);
    test::require(test::rewrites_exactly(std::string(input.bytes), member, input.choice % 2 == 0));
    return 0;
}

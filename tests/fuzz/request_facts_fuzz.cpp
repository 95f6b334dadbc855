// The JSON reader: what Boost.JSON reads, ours reads the same of; and whatever the bytes, no span leaves the body.

#include "fuzz/input.hpp"
#include "support/json_referee.hpp"

using namespace weir;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    require(test::reads_alike(input.bytes));
    const ai::RequestFacts facts = ai::read_facts(static_cast<ai::Api>(input.choice % 9), input.bytes);
    for (const ai::MemberSpan& span : facts.spans) {
        require(span.end <= input.bytes.size());
        if (span.there()) require(span.begin < span.value && span.value < span.end);
    }
    for (std::size_t i = 0; i < ai::kMemberCount; ++i) (void)facts.text(static_cast<ai::Member>(i), input.bytes);
    if (facts.is_object) require(facts.inside > 0 && facts.inside <= input.bytes.size());
    return 0;
}

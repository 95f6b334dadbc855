// The JSON reader: it reads the same as Boost.JSON, and whatever the bytes, no span leaves the body.

#include "ai/request_scanner.hpp"
#include "fuzz/input.hpp"
#include "support/json_referee.hpp"

using namespace weir;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    require(test::reads_alike(input.bytes));
    const ai::RequestFacts facts = ai::read_facts(static_cast<ai::Api>(input.choice % 9), input.bytes);
    require(facts.media.bytes <= input.bytes.size());
    for (std::size_t i = 0; i < ai::kMemberCount; ++i) {
        const ai::MemberSpan& span = facts.at(static_cast<ai::Member>(i));
        require(span.end <= input.bytes.size());
        if (span.there()) require(span.begin < span.value && span.value < span.end);
        (void)facts.text(static_cast<ai::Member>(i));
    }
    if (facts.is_object) require(facts.members->inside > 0 && facts.members->inside <= input.bytes.size());
    require(test::reads_alike_in_pieces(input.bytes, static_cast<ai::Api>(input.choice % 9)));
    return 0;
}

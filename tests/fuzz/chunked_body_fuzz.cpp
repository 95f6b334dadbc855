// A chunked body: the same content, the same end and the same verdict in one piece and byte by byte.

#include <vector>

#include "fuzz/input.hpp"
#include "support/bodies.hpp"

using namespace weir;
using test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const http::BodyReader reader(http::Framing::chunked, 0);
    const test::ReadBody whole = test::read_body(reader, {input.bytes});

    const std::size_t step = 1 + input.choice % 7;
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.bytes.size(); at += step) pieces.push_back(input.bytes.substr(at, step));
    const test::ReadBody split = test::read_body(reader, pieces);

    require(whole.consumed <= input.bytes.size() && !(whole.done && whole.failed));
    require(whole.content.size() == whole.counted && whole.content.size() <= whole.consumed);
    require(whole.content == split.content && whole.consumed == split.consumed);
    require(whole.done == split.done && whole.failed == split.failed);
    // Framing is dropped as it is read: all that is neither content nor the end stays bounded.
    if (whole.done) require(whole.consumed >= 5);
    return 0;
}

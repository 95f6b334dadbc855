// The SSE scanner and the JSON in its events: the same counts in one piece and in pieces of any size, every byte taken
// once, and of a stream from which one chunk is removed, all the rest passes.

#include "ai/event_scanner.hpp"

#include "downstream/transfer/usage_filter.hpp"
#include "fuzz/input.hpp"

using namespace weir;
using test::require;

namespace {

// What passes of a stream that comes in pieces of `step` bytes.
std::string passed(std::string_view bytes, std::size_t step) {
    downstream::UsageFilter filter;
    ai::EventScanner scanner;
    std::string out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        downstream::UsageFilter::Passed batch;
        filter.pass(scanner, bytes.substr(0, step), batch);
        for (const std::string_view piece : batch.pieces()) out.append(piece);
    }
    downstream::UsageFilter::Passed rest;
    filter.end(scanner, rest);
    for (const std::string_view piece : rest.pieces()) out.append(piece);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const auto form = static_cast<ai::EventScanner::Form>(input.choice % 3);
    const std::size_t step = 1 + input.choice / 2 % 31;
    ai::EventScanner whole(form);
    ai::EventScanner pieces(form);
    whole.push(input.bytes);
    for (std::size_t at = 0; at < input.bytes.size(); at += step) {
        std::string_view piece = input.bytes.substr(at, step);
        while (!piece.empty()) {
            const std::size_t taken = pieces.take(piece);
            require(taken > 0 && taken <= piece.size());
            piece.remove_prefix(taken);
        }
    }
    require(whole.events() == pieces.events() && whole.tokens() == pieces.tokens());
    require(whole.usage().input == pieces.usage().input && whole.usage().output == pieces.usage().output);
    // A batch holds a bounded number of pieces; these are few.
    if (input.bytes.size() > 600) return 0;
    const std::string out = passed(input.bytes, step);
    require(out.size() <= input.bytes.size());
    require(out == passed(input.bytes, 1));
    return 0;
}

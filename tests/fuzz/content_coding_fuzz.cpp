// The decoders: the same text however the coded bytes are cut, no more memory than is bounded, and an end to every
// loop.

#include "http/content_coding.hpp"

#include <array>
#include <optional>
#include <string>

#include "fuzz/input.hpp"

using namespace weir;
using test::require;

namespace {

constexpr std::size_t kMaxText = 4 * 1024 * 1024;
constexpr std::size_t kMaxMemory = 24 * 1024 * 1024;

std::optional<std::string> decoded(http::ContentCoding coding, std::string_view bytes, std::size_t step) {
    http::ContentDecoder decoder(coding);
    std::string out;
    std::array<char, 4096> room;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        std::string_view piece = bytes.substr(0, step);
        for (;;) {
            const http::ContentDecoder::Step done = decoder.step(piece, room);
            require(done.consumed <= piece.size() && done.produced <= room.size());
            if (done.failed) return std::nullopt;
            piece.remove_prefix(done.consumed);
            out.append(room.data(), done.produced);
            require(decoder.memory() <= kMaxMemory);
            if (out.size() > kMaxText) return std::nullopt;
            if (done.produced < room.size() && (piece.empty() || done.consumed == 0)) break;
        }
        if (!piece.empty()) return std::nullopt;
    }
    if (!decoder.complete()) return std::nullopt;
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    static constexpr std::array kCodings{http::ContentCoding::gzip, http::ContentCoding::deflate,
                                         http::ContentCoding::zstd, http::ContentCoding::br};
    const http::ContentCoding coding = kCodings[input.choice % kCodings.size()];
    const auto whole = decoded(coding, input.bytes, input.bytes.size() + 1);
    require(decoded(coding, input.bytes, 1 + input.choice / 4 % 17) == whole);
    return 0;
}

#include "http/content_coding.hpp"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace weir::http {
namespace {

constexpr int kLargestZstdWindow = 23;  // a power of two, in bytes
constexpr std::size_t kZlibMemory = 48 * 1024;
constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

ContentCoding coding_named(std::string_view name) {
    if (equals_ignoring_case(name, "identity")) return ContentCoding::identity;
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) return ContentCoding::gzip;
    if (equals_ignoring_case(name, "deflate")) return ContentCoding::deflate;
    if (equals_ignoring_case(name, "zstd")) return ContentCoding::zstd;
    return equals_ignoring_case(name, "br") ? ContentCoding::br : ContentCoding::unknown;
}

// Brotli's allocations are counted: each block is preceded by its size.
constexpr std::size_t kFront = alignof(std::max_align_t);
void* allocate(void* total, std::size_t size) {
    auto* memory = static_cast<char*>(std::malloc(size + kFront));
    if (memory == nullptr) return nullptr;
    *reinterpret_cast<std::size_t*>(memory) = size;
    *static_cast<std::size_t*>(total) += size;
    return memory + kFront;
}
void release(void* total, void* memory) {
    if (memory == nullptr) return;
    char* const front = static_cast<char*>(memory) - kFront;
    *static_cast<std::size_t*>(total) -= *reinterpret_cast<std::size_t*>(front);
    std::free(front);
}

}  // namespace

ContentCoding content_coding(const FieldTable& fields) {
    ContentCoding coding = ContentCoding::identity;
    for (const Field& field : fields) {
        if (!equals_ignoring_case(field.name, "content-encoding")) continue;
        for_each_member(field.value, [&](std::string_view member) {
            const ContentCoding next = coding_named(member);
            if (next == ContentCoding::identity) return;
            coding = coding == ContentCoding::identity ? next : ContentCoding::unknown;
        });
    }
    return coding;
}

struct ContentDecoder::State {
    explicit State(ContentCoding of) : coding(of) {
        switch (coding) {
            case ContentCoding::zstd:
                zstd = ZSTD_createDStream();
                if (zstd == nullptr) throw std::bad_alloc();
                ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, kLargestZstdWindow);
                return;
            case ContentCoding::br:
                brotli = BrotliDecoderCreateInstance(allocate, release, &brotli_memory);
                if (brotli == nullptr) throw std::bad_alloc();
                return;
            default: return;
        }
    }
    ~State() {
        if (has_zlib) inflateEnd(&zlib);
        if (zstd != nullptr) ZSTD_freeDStream(zstd);
        if (brotli != nullptr) BrotliDecoderDestroyInstance(brotli);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Step inflate_step(std::string_view bytes, std::span<char> buffer);
    Step zstd_step(std::string_view bytes, std::span<char> buffer);
    Step brotli_step(std::string_view bytes, std::span<char> buffer);
    void begin_zlib(char first);

    ContentCoding coding;
    z_stream zlib{};
    bool has_zlib = false;
    ZSTD_DStream* zstd = nullptr;
    BrotliDecoderState* brotli = nullptr;
    std::size_t brotli_memory = 0;
    bool at_end = false;  // a member, frame or stream has ended; another may follow
};

void ContentDecoder::State::begin_zlib(char first) {
    // In RFC 1950 the first byte names method 8; bare deflate has no header and hardly ever begins with that.
    const bool wrapped = (static_cast<unsigned char>(first) & 0x0F) == 8;
    const int window = coding == ContentCoding::gzip ? kGzip : wrapped ? kZlib : kBare;
    has_zlib = inflateInit2(&zlib, window) == Z_OK;
    if (!has_zlib) throw std::bad_alloc();
}

ContentDecoder::Step ContentDecoder::State::inflate_step(std::string_view bytes, std::span<char> buffer) {
    if (bytes.empty()) return {};
    if (!has_zlib) begin_zlib(bytes.front());
    if (at_end) {
        // gzip members may follow one another (RFC 1952 section 2.2); nothing may follow deflate.
        if (coding != ContentCoding::gzip || inflateReset(&zlib) != Z_OK) return {0, 0, true};
        at_end = false;
    }
    zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    zlib.avail_in = static_cast<uInt>(bytes.size());
    zlib.next_out = reinterpret_cast<Bytef*>(buffer.data());
    zlib.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&zlib, Z_NO_FLUSH);
    at_end = result == Z_STREAM_END;
    const bool failed = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    return {bytes.size() - zlib.avail_in, buffer.size() - zlib.avail_out, failed};
}

ContentDecoder::Step ContentDecoder::State::zstd_step(std::string_view bytes, std::span<char> buffer) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    const std::size_t result = ZSTD_decompressStream(zstd, &out, &in);
    if (in.pos > 0 || out.pos > 0) at_end = result == 0;
    return {in.pos, out.pos, ZSTD_isError(result) != 0};
}

ContentDecoder::Step ContentDecoder::State::brotli_step(std::string_view bytes, std::span<char> buffer) {
    if (at_end) return {0, 0, !bytes.empty()};
    std::size_t in_left = bytes.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t out_left = buffer.size();
    auto* out = reinterpret_cast<std::uint8_t*>(buffer.data());
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(brotli, &in_left, &in, &out_left, &out, nullptr);
    at_end = result == BROTLI_DECODER_RESULT_SUCCESS;
    return {bytes.size() - in_left, buffer.size() - out_left, result == BROTLI_DECODER_RESULT_ERROR};
}

ContentDecoder::ContentDecoder(ContentCoding coding) : state_(std::make_unique<State>(coding)) {}
ContentDecoder::~ContentDecoder() = default;
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;

ContentDecoder::Step ContentDecoder::step(std::string_view bytes, std::span<char> buffer) {
    switch (state_->coding) {
        case ContentCoding::zstd: return state_->zstd_step(bytes, buffer);
        case ContentCoding::br: return state_->brotli_step(bytes, buffer);
        default: return state_->inflate_step(bytes, buffer);
    }
}

bool ContentDecoder::complete() const { return state_->at_end; }

std::size_t ContentDecoder::memory() const {
    switch (state_->coding) {
        case ContentCoding::zstd: return ZSTD_sizeof_DStream(state_->zstd);
        case ContentCoding::br: return state_->brotli_memory;
        default: return state_->has_zlib ? kZlibMemory : 0;
    }
}

}  // namespace weir::http

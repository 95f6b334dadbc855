#pragma once
// Decodes a compressed body (RFC 9110 section 8.4) as its bytes arrive: gzip (RFC 1952), deflate (RFC 1950, and the
// bare RFC 1951 that some clients send under that name), zstd (RFC 8878) and br (RFC 7932).
//
// Sans-I/O. A decoder's memory is bounded: zlib 48 KiB, zstd a window of 8 MiB (which RFC 8878 asks every decoder to
// support), br one of 16 MiB; only what a stream really uses of these is allocated.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/field.hpp"

namespace weir::http {

enum class ContentCoding : std::uint8_t {
    identity,
    gzip,
    deflate,
    zstd,
    br,
    unknown,  // an unknown name, or more than one coding
};

[[nodiscard]] ContentCoding content_coding(const FieldTable& fields);

// The codings that Weir decodes, in the form of Accept-Encoding (RFC 9110 section 15.5.16).
inline constexpr std::string_view kDecodedCodings = "gzip, deflate, zstd, br";

class ContentDecoder {
public:
    struct Step {
        std::size_t consumed = 0;  // of the bytes given
        std::size_t produced = 0;  // written into the buffer
        bool failed = false;       // the bytes are not valid in their coding
    };

    // REQUIRES: neither identity nor unknown.
    explicit ContentDecoder(ContentCoding coding);
    ~ContentDecoder();
    ContentDecoder(ContentDecoder&&) noexcept;
    ContentDecoder& operator=(ContentDecoder&&) noexcept;

    // Decodes from the start of `bytes` into `buffer`. Call again with the rest while bytes were consumed or the buffer
    // was filled.
    [[nodiscard]] Step step(std::string_view bytes, std::span<char> buffer);
    // Whether the coded bytes may end here.
    [[nodiscard]] bool complete() const;
    // Bytes of memory that the decoder occupies.
    [[nodiscard]] std::size_t memory() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::http

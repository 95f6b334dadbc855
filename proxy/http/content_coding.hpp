#pragma once
// A body that is compressed (RFC 9110 section 8.4), decoded as its bytes come: gzip (RFC 1952), deflate (RFC 1950, and
// the bare RFC 1951 that some send by that name), zstd (RFC 8878) and br (RFC 7932).
//
// Sans-I/O. What a decoder holds is bounded: zlib 48 KiB, zstd a window of 8 MiB (which RFC 8878 asks every decoder to
// have), br one of 16 MiB; only what a stream really uses of these is taken.

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
    unknown,  // a name that is not known, or more codings than one
};

[[nodiscard]] ContentCoding content_coding(const FieldTable& fields);

// What Weir decodes, as Accept-Encoding says it (RFC 9110 section 15.5.16).
inline constexpr std::string_view kDecodedCodings = "gzip, deflate, zstd, br";

class ContentDecoder {
public:
    struct Step {
        std::size_t consumed = 0;  // of the bytes given
        std::size_t produced = 0;  // of the room given
        bool failed = false;       // not what its coding says it is
    };

    // REQUIRES: a coding other than identity and unknown.
    explicit ContentDecoder(ContentCoding coding);
    ~ContentDecoder();
    ContentDecoder(ContentDecoder&&) noexcept;
    ContentDecoder& operator=(ContentDecoder&&) noexcept;

    // Decodes from the start of `bytes` into `room`. Call again with the rest while something was consumed or the room
    // was filled.
    [[nodiscard]] Step step(std::string_view bytes, std::span<char> room);
    // The coded bytes may end here.
    [[nodiscard]] bool complete() const;
    // Bytes of memory that it occupies.
    [[nodiscard]] std::size_t memory() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::http

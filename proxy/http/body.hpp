#pragma once
// A message body, read piece by piece, its framing checked and removed (RFC 9112 section 7).
//
// Sans-I/O: it is given bytes and returns how many it consumed and which of them are content. Chunk extensions and
// trailers are read, bounded and dropped: nothing in them may reach the other side.

#include <cstdint>
#include <string_view>

#include "http/head.hpp"

namespace weir::http {

class BodyReader {
public:
    struct Piece {
        std::size_t consumed = 0;  // of the bytes given
        std::string_view content;  // a part of the consumed bytes; may be empty
        bool done = false;         // the body has ended; unconsumed bytes belong to the next message
        bool failed = false;       // the framing is broken; nothing more can be read
    };

    BodyReader() = default;
    BodyReader(Framing framing, std::uint64_t content_length);

    // Takes at most one run of content from the start of `bytes`. Call again with the rest as long as bytes are
    // consumed and the body is neither done nor failed.
    [[nodiscard]] Piece next(std::string_view bytes);
    // Whether the body may end where the connection ended cleanly.
    [[nodiscard]] bool ends_at_close() const { return framing_ == Framing::until_close || done_; }
    [[nodiscard]] bool done() const { return done_; }
    // Content bytes read so far.
    [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }

private:
    enum class State : std::uint8_t {
        size_start,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        end_lf
    };

    Piece take_content(std::string_view bytes, std::uint64_t limit);
    Piece next_chunked(std::string_view bytes);
    // Reads one byte of the framing around the content. False when the framing is broken.
    bool step(char c);
    bool step_size(char c);
    bool step_trailer(char c);

    Framing framing_ = Framing::none;
    State state_ = State::size_start;
    bool done_ = true;
    std::uint8_t size_digits_ = 0;
    std::uint32_t overhead_ = 0;   // bytes of extensions and trailers so far
    std::uint64_t remaining_ = 0;  // of the body, or of the current chunk
    std::uint64_t content_bytes_ = 0;
};

}  // namespace weir::http

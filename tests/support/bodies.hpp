#pragma once
// A whole body read from pieces.

#include <string>
#include <string_view>
#include <vector>

#include "http/body.hpp"

namespace weir::test {

struct ReadBody {
    std::string content;
    std::size_t consumed = 0;   // of all pieces together
    std::uint64_t counted = 0;  // by the reader
    bool done = false;
    bool failed = false;
};

// Feeds the pieces one after the other, as a connection would; stops where the body ends or breaks.
inline ReadBody read_body(http::BodyReader reader, const std::vector<std::string_view>& pieces) {
    ReadBody body;
    for (std::string_view rest : pieces) {
        while (!rest.empty() && !body.done && !body.failed) {
            const http::BodyReader::Piece piece = reader.next(rest);
            body.content.append(piece.content);
            body.consumed += piece.consumed;
            body.done = piece.done;
            body.failed = piece.failed;
            if (piece.consumed == 0) break;
            rest.remove_prefix(piece.consumed);
        }
    }
    body.counted = reader.content_bytes();
    return body;
}

}  // namespace weir::test

#pragma once
// Answers as bytes: heads, short bodies, and errors in the words of the API that was asked.

#include <string>
#include <string_view>

#include "base/dialect.hpp"
#include "mock/ask.hpp"

namespace weir::mock {

struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string body;
    std::string_view allow = {};  // with 405: the methods that are
};

// OpenAI's error object, or Anthropic's.
[[nodiscard]] Reply error_reply(Dialect dialect, int status, const AskFault& fault);

// The whole message; without the body when it answers HEAD.
[[nodiscard]] std::string write_reply(const Reply& reply, bool keep_alive, bool to_head);

// The head of an event stream; without `chunked` (HTTP/1.0) its end is the connection's.
[[nodiscard]] std::string stream_head(bool chunked, bool keep_alive);

}  // namespace weir::mock

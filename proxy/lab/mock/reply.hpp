#pragma once
// Answers that are short documents, and errors in the words of the API that was asked.

#include <string>
#include <string_view>

#include "base/dialect.hpp"
#include "lab/mock/ask.hpp"

namespace weir::mock {

struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string body;
    std::string_view allow = {};  // with 405: the allowed methods
};

// OpenAI's error object, or Anthropic's.
[[nodiscard]] Reply error_reply(Dialect dialect, int status, const AskFault& fault);

}  // namespace weir::mock

#pragma once
// Text as a JSON string (RFC 8259 section 7), for the places that write JSON on the data path: log lines and refusals.

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// Appends `text` in quotes. Control characters, quotes and backslashes are escaped, and so is every byte that is not
// part of valid UTF-8 (as U+FFFD), so that whatever a client sends, the result is one line of valid JSON.
void append_json_string(std::string& out, std::string_view text);

// The same, alone: where one more allocation does not matter.
[[nodiscard]] std::string json_string(std::string_view text);

// The length in bytes of the valid UTF-8 sequence beyond ASCII (RFC 3629) that `text` begins with; 0 when it begins
// with none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace weir

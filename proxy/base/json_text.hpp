#pragma once
// Text as a JSON string (RFC 8259 section 7), for the places that write JSON on the data path: log lines and refusals.

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// Appends `text` in quotes. Control characters, quotes and backslashes are escaped, and every byte that is not part of
// valid UTF-8 becomes U+FFFD, so the result is one line of valid JSON whatever a client sends.
void append_json_string(std::string& out, std::string_view text);

// The same as a new string, where one more allocation does not matter.
[[nodiscard]] std::string json_string(std::string_view text);

// The length in bytes of the valid non-ASCII UTF-8 sequence (RFC 3629) at the start of `text`; 0 when there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace weir

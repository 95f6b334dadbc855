#pragma once
// JSON strings as they are written (RFC 8259 section 7), without their quotes: read, and compared with plain text.

#include <optional>
#include <string>
#include <string_view>

namespace weir::ai {

// What it says, in UTF-8; nothing when an escape is malformed. A surrogate without its other half becomes U+FFFD.
[[nodiscard]] std::optional<std::string> unescape_json(std::string_view written);

// Whether all readers read the same of it: no control character, no escape that is malformed, no surrogate without its
// other half, and valid UTF-8. What else there is some refuse, some replace, each in its own way.
[[nodiscard]] bool is_exact_json(std::string_view written);

// Whether it says `plain`. Allocates only where escapes are written.
[[nodiscard]] bool json_says(std::string_view written, std::string_view plain);

}  // namespace weir::ai

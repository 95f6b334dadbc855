#pragma once
// JSON strings as written (RFC 8259 section 7), without their quotes: decoded, and compared with plain text.

#include <optional>
#include <string>
#include <string_view>

namespace weir::ai {

// The decoded text in UTF-8; nothing when an escape is malformed. An unpaired surrogate becomes U+FFFD.
[[nodiscard]] std::optional<std::string> unescape_json(std::string_view written);

// Whether all readers decode it alike: valid UTF-8, and no control characters, malformed escapes or unpaired
// surrogates. Some readers refuse those, and others replace them, each in its own way.
[[nodiscard]] bool is_exact_json(std::string_view written);

// Whether it decodes to `plain`. Allocates only if it contains escapes.
[[nodiscard]] bool json_says(std::string_view written, std::string_view plain);

// Whether the text, which begins outside an escape, ends within one: after an odd number of backslashes.
[[nodiscard]] inline bool ends_escaping(std::string_view written) {
    if (!written.ends_with('\\')) return false;
    const std::size_t last = written.find_last_not_of('\\');
    return (written.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
}

}  // namespace weir::ai

#pragma once
// SHA-256 (FIPS 180-4) of API keys: policies and tables hold digests, never keys.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct Sha256 {
    std::array<std::uint8_t, 32> bytes{};

    // The 64 lower-case hex digits that `sha256sum` prints.
    [[nodiscard]] std::string hex() const;

    // Reads 64 hex digits of either case; nothing else.
    [[nodiscard]] static std::optional<Sha256> from_hex(std::string_view text);

    friend bool operator==(const Sha256&, const Sha256&) = default;
};

[[nodiscard]] Sha256 sha256(std::string_view bytes);

// Compares in time that does not depend on where the digests differ.
[[nodiscard]] bool equal_in_constant_time(const Sha256& a, const Sha256& b);

// A digest is already uniform: its first bytes are its hash.
struct Sha256Hash {
    [[nodiscard]] std::size_t operator()(const Sha256& digest) const noexcept;
};

}  // namespace weir

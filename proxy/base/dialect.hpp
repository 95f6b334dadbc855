#pragma once
// The API family that a path or a backend speaks. It decides how a refusal is worded.

#include <cstdint>
#include <string_view>

namespace weir {

enum class Dialect : std::uint8_t { generic, openai, anthropic };

[[nodiscard]] constexpr std::string_view name(Dialect dialect) {
    switch (dialect) {
        case Dialect::openai: return "openai";
        case Dialect::anthropic: return "anthropic";
        case Dialect::generic: break;
    }
    return "generic";
}

}  // namespace weir

#pragma once
// The input of a fuzz target, and how it reports a property that does not hold.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::test {

// Ends the run with the input that broke the property; libFuzzer writes it to a file.
inline void require(bool fact) {
    if (!fact) __builtin_trap();
}

// The first byte chooses how the rest is used; the rest is what would come over the wire.
struct FuzzInput {
    FuzzInput(const std::uint8_t* data, std::size_t size)
        : choice(size > 0 ? data[0] : 0),
          bytes(size > 0 ? reinterpret_cast<const char*>(data) + 1 : nullptr, size > 0 ? size - 1 : 0) {}

    unsigned choice;
    std::string_view bytes;
};

// Whether `part` lies within `whole`, or is empty.
inline bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace weir::test

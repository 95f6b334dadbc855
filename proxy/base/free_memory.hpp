#pragma once
// Frees the memory of a string or vector. Assigning `{}` only empties it: libstdc++ keeps the capacity.

namespace weir {

template <typename Container>
void free_memory(Container& container) {
    Container().swap(container);
}

}  // namespace weir

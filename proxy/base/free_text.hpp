#pragma once
// How a string gives its memory back. Assigning an empty one does not do it: libstdc++ copies what is short into the
// room that is there.

#include <string>

namespace weir {

inline void free_text(std::string& text) { std::string().swap(text); }

}  // namespace weir

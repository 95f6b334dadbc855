#pragma once
// Memory for coroutine frames: a request makes about a dozen, always of the same few sizes, and frees them in reverse.
//
// Each thread keeps free lists by size, so that making a frame is a pop. Frames die on the thread that made them (a
// task lives on one loop), so no list is ever shared. What a burst left behind is kept up to a bound a size, and given
// back beyond it.

#include <cstddef>

namespace weir::net {

// Like operator new and delete, for frames. REQUIRES: freed with the size, on the thread it was made on.
[[nodiscard]] void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace weir::net

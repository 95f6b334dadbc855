#pragma once
// Memory for coroutine frames: a request allocates about a dozen, always of the same few sizes, and frees them in
// reverse.
//
// Each thread keeps free lists by size, so allocating a frame is a pop. Frames are freed on the thread that allocated
// them (a task lives on one loop), so no list is ever shared. After a burst, frames are kept up to a bound per size;
// the rest is freed.

#include <cstddef>

namespace weir::net {

// Like operator new and delete, for frames. REQUIRES: freed with the same size and on the same thread.
[[nodiscard]] void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace weir::net

#pragma once
// Bytes held in memory for one request or connection until the other side takes them. They count against
// limits.buffered_bytes of the process and in weir_buffered_bytes for as long as the lease lives.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "downstream/worker_context.hpp"

namespace weir::downstream {

class BufferLease {
public:
    // REQUIRES: `worker` outlives it.
    explicit BufferLease(WorkerContext& worker) : worker_(worker) {}
    ~BufferLease() { resize(0); }
    BufferLease(const BufferLease&) = delete;
    BufferLease& operator=(const BufferLease&) = delete;

    void resize(std::size_t bytes) {
        if (bytes == bytes_) return;
        const auto delta = static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(bytes_);
        worker_.state().buffered_bytes.fetch_add(delta, std::memory_order_relaxed);
        worker_.recorder().buffered(delta);
        bytes_ = bytes;
    }

private:
    WorkerContext& worker_;
    std::size_t bytes_ = 0;
};

}  // namespace weir::downstream

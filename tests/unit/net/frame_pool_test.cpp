#include "net/frame_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace weir::net {
namespace {

// Allocates frames of every size, fills each with a byte of its own, and frees them; returns how many were intact.
int count_whole_frames() {
    std::vector<std::pair<unsigned char*, std::size_t>> frames;
    for (std::size_t size = 1; size < 6000; size += 37) {
        auto* frame = static_cast<unsigned char*>(allocate_frame(size));
        std::memset(frame, static_cast<int>(frames.size() % 251), size);
        frames.emplace_back(frame, size);
    }
    int whole = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto [frame, size] = frames[i];
        bool is_whole = true;
        for (std::size_t at = 0; at < size; ++at) is_whole &= frame[at] == i % 251;
        whole += is_whole ? 1 : 0;
        free_frame(frame, size);
    }
    return whole;
}

constexpr int kFrames = 163;

TEST(FramePool, GivesEveryFrameItsOwnMemory) {
    EXPECT_EQ(count_whole_frames(), kFrames);
    EXPECT_EQ(count_whole_frames(), kFrames) << "from freed memory";
}

TEST(FramePool, ServesEachThreadSeparately) {
    int elsewhere = 0;
    std::thread other([&] { elsewhere = count_whole_frames(); });
    EXPECT_EQ(count_whole_frames(), kFrames);
    other.join();
    EXPECT_EQ(elsewhere, kFrames);
}

TEST(FramePool, AcceptsMoreFreedFramesThanItKeeps) {
    std::vector<void*> frames;
    for (int i = 0; i < 1000; ++i) frames.push_back(allocate_frame(200));
    for (void* frame : frames) free_frame(frame, 200);
    EXPECT_EQ(count_whole_frames(), kFrames);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__has_feature)
TEST(FramePool, ReusesTheLastFreedFrame) {
    void* first = allocate_frame(130);
    void* second = allocate_frame(130);
    free_frame(first, 130);
    free_frame(second, 130);
    EXPECT_EQ(allocate_frame(192), second) << "sizes of one class share their frames";
    EXPECT_EQ(allocate_frame(129), first);
    free_frame(first, 129);
    free_frame(second, 192);
}
#endif

}  // namespace
}  // namespace weir::net

#include "net/frame_pool.hpp"

#include <array>
#include <new>

namespace weir::net {
namespace {

constexpr std::size_t kGrain = 64;
constexpr std::size_t kClasses = 64;        // frames up to 4 KiB; larger ones go to the heap
constexpr std::size_t kKeptPerClass = 256;  // with all classes full, 8 MiB a thread

// Sanitizers must track every frame's allocation and release.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
    FreeFrame* next;
};

// The free frames of one size.
struct FreeList {
    FreeFrame* first = nullptr;
    std::size_t free_slots = kKeptPerClass;
};

// Constant-initialised, so that access needs no check whether this thread has initialised it yet.
constinit thread_local std::array<FreeList, kClasses> lists{};

void* pop(FreeList& list) {
    FreeFrame* frame = list.first;
    list.first = frame->next;
    ++list.free_slots;
    return frame;
}

// Frees what the lists hold when their thread ends. Frames freed later still go to the heap.
struct Emptying {
    Emptying() = default;
    Emptying(const Emptying&) = delete;
    Emptying& operator=(const Emptying&) = delete;
    ~Emptying() {
        for (FreeList& list : lists) {
            while (list.first != nullptr) ::operator delete(pop(list));
            list.free_slots = 0;
        }
    }
};

// Every frame that enters a list was allocated here first.
void* allocate_new(std::size_t size) {
    thread_local const Emptying emptying;
    return ::operator new(size);
}

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / kGrain; }

}  // namespace

void* allocate_frame(std::size_t size) {
    const std::size_t index = class_of(size);
    if (!kPooled || index >= kClasses) return ::operator new(size);
    FreeList& list = lists[index];
    return list.first != nullptr ? pop(list) : allocate_new((index + 1) * kGrain);
}

void free_frame(void* frame, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (!kPooled || index >= kClasses || lists[index].free_slots == 0) {
        ::operator delete(frame);
        return;
    }
    FreeList& list = lists[index];
    list.first = new (frame) FreeFrame{list.first};
    --list.free_slots;
}

}  // namespace weir::net

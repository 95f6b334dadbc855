#include "net/frame_pool.hpp"

#include <array>
#include <new>

namespace weir::net {
namespace {

constexpr std::size_t kGrain = 64;
constexpr std::size_t kClasses = 64;        // frames up to 4 KiB; larger ones go to the heap
constexpr std::size_t kKeptPerClass = 256;  // with all classes full, 8 MiB a thread

// Sanitizers must see every frame come and go.
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

class FramePool {
public:
    FramePool() = default;
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    ~FramePool() {
        for (Class& entry : classes_) {
            while (entry.first != nullptr) ::operator delete(pop(entry));
        }
    }

    void* allocate(std::size_t index) {
        Class& entry = classes_[index];
        return entry.first != nullptr ? pop(entry) : ::operator new((index + 1) * kGrain);
    }

    void free(void* memory, std::size_t index) noexcept {
        Class& entry = classes_[index];
        if (entry.count == kKeptPerClass) {
            ::operator delete(memory);
            return;
        }
        entry.first = new (memory) FreeFrame{entry.first};
        ++entry.count;
    }

private:
    struct Class {
        FreeFrame* first = nullptr;
        std::size_t count = 0;
    };

    static void* pop(Class& entry) {
        FreeFrame* frame = entry.first;
        entry.first = frame->next;
        --entry.count;
        return frame;
    }

    std::array<Class, kClasses> classes_;
};

thread_local FramePool pool;

constexpr std::size_t class_of(std::size_t size) { return (size - 1) / kGrain; }

}  // namespace

void* allocate_frame(std::size_t size) {
    if (!kPooled || class_of(size) >= kClasses) return ::operator new(size);
    return pool.allocate(class_of(size));
}

void free_frame(void* frame, std::size_t size) noexcept {
    if (!kPooled || class_of(size) >= kClasses) {
        ::operator delete(frame);
        return;
    }
    pool.free(frame, class_of(size));
}

}  // namespace weir::net

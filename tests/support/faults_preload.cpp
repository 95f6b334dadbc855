// Loaded by LD_PRELOAD: fails or delays one allocation of a worker, and shifts the wall clock, as a page shared with
// the test says. support/faults.py builds it when a test needs it.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

namespace {

struct Control {
    std::atomic<std::int64_t> allocations_left;  // until one fails; 0: none does
    std::atomic<std::int64_t> clock_shift;       // seconds
    std::atomic<std::int64_t> stall;             // milliseconds that the next allocation takes; then 0
};

Control* control() {
    static Control* const page = [] {
        const char* path = std::getenv("WEIR_TEST_FAULTS");
        const int fd = path != nullptr ? open(path, O_RDWR | O_CLOEXEC) : -1;
        void* mapped = fd >= 0 ? mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
        if (fd >= 0) close(fd);
        return mapped == MAP_FAILED ? nullptr : static_cast<Control*>(mapped);
    }();
    return page;
}

bool is_worker() {
    char name[16] = {};
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && std::strcmp(name, "weir-worker") == 0;
}

void stall() {
    Control* page = control();
    if (page == nullptr || page->stall.load() == 0 || !is_worker()) return;
    const std::int64_t ms = page->stall.exchange(0);
    timespec rest{ms / 1000, ms % 1000 * 1'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) != 0) {
    }
}

bool must_fail() {
    Control* page = control();
    if (page == nullptr || page->allocations_left.load() <= 0 || !is_worker()) return false;
    return page->allocations_left.fetch_sub(1) == 1;
}

}  // namespace

void* operator new(std::size_t size) {
    stall();
    void* memory = must_fail() ? nullptr : std::malloc(size != 0 ? size : 1);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
    using Call = int (*)(clockid_t, timespec*);
    static const Call real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && control() != nullptr) time->tv_sec += control()->clock_shift.load();
    return result;
}

#pragma once
// task<T>: a coroutine that runs when awaited and gives one value to its awaiter.
//
// It starts lazily, resumes its parent by symmetric transfer (the stack does not grow, however deep the calls), and is
// owned by the object that holds it: destroying a waiting task destroys the whole chain below it, and with it
// everything that the frames own. There is no cancellation token: to end a connection, its stream is broken; the
// coroutine finds that at its next step and runs to its own end.
//
// Threading: a task lives on one loop.

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "net/frame_pool.hpp"

namespace weir::net {

template <typename T>
class task;

namespace detail {

struct TaskPromiseBase {
    struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <typename Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            return self.promise().parent ? self.promise().parent : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

    std::coroutine_handle<> parent;
    std::exception_ptr fault;

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { fault = std::current_exception(); }
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
    std::optional<T> value;

    task<T> get_return_object();
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() {
        if (fault) std::rethrow_exception(fault);
        return std::move(*value);
    }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
    task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const {
        if (fault) std::rethrow_exception(fault);
    }
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] task {
public:
    using promise_type = detail::TaskPromise<T>;

    explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    task& operator=(task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~task() {
        if (frame_) frame_.destroy();
    }

    // Awaiting runs the task to its end and rethrows what it threw.
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
        frame_.promise().parent = parent;
        return frame_;
    }
    T await_resume() { return frame_.promise().take(); }

    // For the outermost task of a chain, which is not awaited: runs it to its first wait. REQUIRES: not started.
    void start() { frame_.resume(); }
    [[nodiscard]] bool done() const { return frame_.done(); }
    // REQUIRES: done().
    T result() { return frame_.promise().take(); }

private:
    std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <typename T>
task<T> TaskPromise<T>::get_return_object() {
    return task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline task<void> TaskPromise<void>::get_return_object() {
    return task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace weir::net

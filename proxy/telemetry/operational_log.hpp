#pragma once
// What Weir reports about itself on stderr: one line per message, `2026-01-31T12:00:00.123Z info reloaded the policy`.
//
// spdlog's free functions never wait for stderr: messages go to a bounded queue that overwrites its oldest, and a
// background thread writes them. When stderr accepts nothing for a while, messages are lost, and the process still
// ends.

#include <memory>
#include <string_view>

namespace weir::telemetry {

// Create one at the start of main; it becomes spdlog's default logger. Any thread may log; the object itself belongs to
// one thread.
class OperationalLog {
public:
    // `level`: debug | info | warn | error; anything else is info.
    explicit OperationalLog(std::string_view level, int fd = 2);
    // Writes out the queue without waiting for a blocked stderr. Later messages are lost. REQUIRES: no other thread
    // logs meanwhile.
    ~OperationalLog();
    OperationalLog(const OperationalLog&) = delete;
    OperationalLog& operator=(const OperationalLog&) = delete;

    void set_level(std::string_view level);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::telemetry

#pragma once
// What Weir says about itself, on stderr: one line a message, `2026-01-31T12:00:00.123Z info reloaded the policy`.
//
// Whoever logs through spdlog's free functions never waits for stderr: messages go to a bounded queue, of which the
// oldest are overwritten, and a background thread writes them. When stderr takes nothing for a while, messages are
// lost, and the process still ends.

#include <memory>
#include <string_view>

namespace weir::telemetry {

// Make one in main, first of all; it becomes spdlog's default logger. Logging is safe from any thread; the object
// itself belongs to one.
class OperationalLog {
public:
    // `level`: debug | info | warn | error; anything else is info.
    explicit OperationalLog(std::string_view level, int fd = 2);
    // Writes out what is queued, without waiting for a blocked stderr. What is logged later is lost.
    // REQUIRES: no other thread logs meanwhile.
    ~OperationalLog();
    OperationalLog(const OperationalLog&) = delete;
    OperationalLog& operator=(const OperationalLog&) = delete;

    void set_level(std::string_view level);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::telemetry

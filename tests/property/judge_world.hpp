#pragma once
// Plays random operations on a judge through its public interface, keeps its own books, and holds every step of the
// judge against the law.
//
// The books are plain vectors that are searched from end to end: slow, and too simple to be wrong in the same way.

#include <rapidcheck.h>

#include <deque>
#include <iosfwd>
#include <optional>
#include <vector>

#include "admission/judge.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

struct Operation {
    enum Kind : std::uint8_t { arrive, finish, leave, requeue, wait, flip_endpoint, reconfigure };
    Kind kind = arrive;
    std::uint32_t cls = 0;     // whose request; of four
    std::uint32_t client = 0;  // of three
    bool retry = false;
    std::uint32_t pick = 0;  // which of those it can happen to
    std::uint32_t ms = 0;    // how much time passes before it; or until the deadline, on arrival (0: none)
};
std::ostream& operator<<(std::ostream& out, const Operation& operation);

struct ClassPlan {
    std::uint32_t line = 0;
    std::uint32_t patience_ms = 0;
    std::uint32_t rate = 0;         // a second, burst 4; 0: none
    std::uint32_t concurrency = 0;  // of each client; 0: none
};
std::ostream& operator<<(std::ostream& out, const ClassPlan& plan);

// Four classes of three priorities on one to three endpoints.
struct Plan {
    std::vector<ClassPlan> classes;
    std::vector<std::uint32_t> endpoints;

    [[nodiscard]] admission::JudgeConfig config() const;
};
std::ostream& operator<<(std::ostream& out, const Plan& plan);

rc::Gen<Plan> any_plan();
rc::Gen<std::vector<Operation>> any_operations();

class JudgeWorld {
public:
    explicit JudgeWorld(const Plan& plan);

    // Lets the time of the operation pass, does it where it can be done, and checks all that happened.
    // Throws what RC_ASSERT throws.
    void play(const Operation& operation);
    // Ends everything that is still there, in some order, and checks that nothing is left of it.
    void end_all();

private:
    struct Request {
        admission::Place place;
        std::size_t cls = 0;
        bool retry = false;
        std::size_t arrival = 0;
        TimePoint expires{};
        admission::Standing known = admission::Standing::idle;
        EndpointId endpoint = kNoEndpoint;
    };
    struct Endpoint {
        std::uint32_t limit = 0;
        std::uint32_t inflight = 0;
        bool available = true;
    };

    void arrive(const Operation& operation);
    void requeue(Request& request);
    void pass(Duration time);

    // What a call told, replayed one step at a time; `self` is told of by its standing alone.
    void replay(Request* self = nullptr);
    void check_dispatch(Request& request);
    void check_refusal(Request& request);
    // What must hold between calls.
    void check_rest() const;

    [[nodiscard]] Request* pick(admission::Standing standing, std::uint32_t number);
    [[nodiscard]] Request& request_of(const admission::Place* place);
    [[nodiscard]] const Request* head_of_all() const;
    [[nodiscard]] bool first_class(std::size_t a, std::size_t b) const;
    [[nodiscard]] static bool served_sooner(const Request& a, const Request& b);
    [[nodiscard]] std::size_t count(std::size_t cls, admission::Standing standing) const;
    [[nodiscard]] double room(std::size_t cls) const;
    [[nodiscard]] bool fits(const Endpoint& endpoint, std::size_t cls) const;

    VirtualClock clock_;
    admission::JudgeConfig config_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::optional<TimePoint>> seen_;  // by class
    std::deque<Request> requests_;
    admission::Changes changes_;
    admission::Judge judge_;
};

}  // namespace weir::test

#pragma once
// A random policy for a judge, and random operations on it.

#include <rapidcheck.h>

#include <iosfwd>
#include <vector>

#include "admission/judge.hpp"

namespace weir::test {

struct Operation {
    enum Kind : std::uint8_t {
        arrive,
        finish,
        leave,
        requeue,
        first_token,
        streamed,
        wait,
        flip_endpoint,
        reconfigure
    };
    Kind kind = arrive;
    std::uint32_t cls = 0;     // whose request; of four
    std::uint32_t client = 0;  // of three
    bool retry = false;
    std::uint32_t pick = 0;    // which of those it can happen to
    std::uint32_t ms = 0;      // how much time passes before it; or until the deadline, on arrival (0: none)
    std::uint32_t prompt = 0;  // LLM tokens; odd ones are of answers that are not streamed
};
std::ostream& operator<<(std::ostream& out, const Operation& operation);

struct ClassPlan {
    std::uint32_t queue = 0;
    std::uint32_t queue_timeout_ms = 0;
    std::uint32_t rate = 0;         // a second, burst 4; 0: none
    std::uint32_t concurrency = 0;  // of each client; 0: none
    std::uint32_t weight = 1;
    std::uint32_t guarantee = 0;  // percent
    bool evenly = false;
    bool preemptible = false;
};
std::ostream& operator<<(std::ostream& out, const ClassPlan& plan);

struct EndpointPlan {
    std::uint32_t requests = 1;
    std::uint32_t context = 0;  // LLM tokens; 0: not known
    std::uint32_t prompts = 16'384;
};
std::ostream& operator<<(std::ostream& out, const EndpointPlan& plan);

// Four classes of three priorities on one to three endpoints.
struct Plan {
    std::vector<ClassPlan> classes;
    std::vector<EndpointPlan> endpoints;

    [[nodiscard]] admission::JudgeConfig config() const;
};
std::ostream& operator<<(std::ostream& out, const Plan& plan);

rc::Gen<Plan> any_plan();
rc::Gen<std::vector<Operation>> any_operations();

// Enough arrivals of all classes to fill every endpoint and queue: the interesting states of a short sequence.
[[nodiscard]] std::vector<Operation> flood();

}  // namespace weir::test

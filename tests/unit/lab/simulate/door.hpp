#pragma once
// One controller in front of a few places, driven by hand.

#include <deque>
#include <memory>
#include <string_view>

#include "lab/simulate/controllers.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

inline constexpr EndpointId kFirst{0};
inline constexpr EndpointId kSecond{1};

// Two endpoints with that many places each, and one class with a queue of one.
inline admission::JudgeConfig door_config(std::uint32_t places = 2) {
    admission::JudgeConfig config;
    config.endpoints = {{kFirst, places}, {kSecond, places}};
    config.classes.resize(1);
    config.classes[0].id = ClassId{0};
    config.classes[0].config.queue = 1;
    return config;
}

class Door {
public:
    explicit Door(std::string_view words, const admission::JudgeConfig& config = door_config())
        : controller(simulate::make_controller(words, config, clock.now())) {}

    simulate::Visit& arrive(admission::Priority priority = admission::Priority::normal, ClassId cls = ClassId{0}) {
        simulate::Visit& visit = prepare(priority, cls);
        arrive(visit);
        return visit;
    }
    // For those that are to be changed before they arrive.
    simulate::Visit& prepare(admission::Priority priority = admission::Priority::normal, ClassId cls = ClassId{0}) {
        simulate::Visit& visit = visits_.emplace_back();
        visit.priority = priority;
        visit.asking.cls = cls;
        visit.asking.client = visits_.size();
        return visit;
    }
    void arrive(simulate::Visit& visit) { controller->arrive(visit, clock.now(), changes); }
    void first_token(simulate::Visit& visit) {
        visit.answered = true;
        controller->first_token(visit, clock.now(), changes);
    }
    void finish(simulate::Visit& visit) { controller->finish(visit, clock.now(), changes); }
    void expire() { controller->expire(clock.now(), changes); }

    VirtualClock clock;
    simulate::VisitChanges changes;

private:
    std::deque<simulate::Visit> visits_;  // before the controller: a judge unlinks from them last

public:
    std::unique_ptr<simulate::Controller> controller;
};

inline bool runs(const simulate::Visit& visit) { return visit.ruling.standing == admission::Standing::running; }
inline bool waits(const simulate::Visit& visit) { return visit.ruling.standing == admission::Standing::waiting; }

}  // namespace weir::test

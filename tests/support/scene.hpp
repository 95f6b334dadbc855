#pragma once
// A judge on a virtual clock, and the requests that a test sends to it.

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "support/judges.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

class Scene {
public:
    explicit Scene(const admission::JudgeConfig& config) : judge(config, clock.now()) {}

    admission::Place& arrive(const admission::Ask& ask) {
        changes.clear();
        judge.arrive(places.emplace_back(), ask, clock.now(), changes);
        return places.back();
    }
    admission::Place& arrive(int cls, admission::ClientKey client = 1) { return arrive(make_ask(cls, client)); }
    // Sends that many, and returns how many of them run.
    int flood(int cls, int count) {
        int running = 0;
        for (int i = 0; i < count; ++i) running += arrive(cls).standing() == admission::Standing::running;
        return running;
    }
    void finish(admission::Place& place) {
        changes.clear();
        judge.finish(place, clock.now(), changes);
    }
    void leave(admission::Place& place) {
        changes.clear();
        judge.leave(place, clock.now(), changes);
    }
    bool requeue(admission::Place& place) {
        changes.clear();
        return judge.requeue(place, clock.now(), changes);
    }
    void expire_after(Duration time) {
        changes.clear();
        judge.expire(clock.advance(time), changes);
    }
    void set_available(int endpoint, bool available) {
        changes.clear();
        judge.set_available(EndpointId{static_cast<std::uint16_t>(endpoint)}, available, clock.now(), changes);
    }
    void reconfigure(const admission::JudgeConfig& config) {
        changes.clear();
        judge.reconfigure(config, clock.now(), changes);
    }
    std::optional<admission::Decision> refuse_early(const admission::Ask& ask) {
        return judge.refuse_early(ask, clock.now());
    }
    admission::JudgeCounts counts() const { return judge.counts(clock.now()); }

    VirtualClock clock;
    std::deque<admission::Place> places;  // declared before the judge that links them, so that they outlive it
    admission::Changes changes;           // of the last call
    admission::Judge judge;
};

}  // namespace weir::test

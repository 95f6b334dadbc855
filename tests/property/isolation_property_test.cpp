// Isolation: what worse classes send changes nothing for better ones, except by what already runs. Here nothing worse
// is left running: the same better traffic is judged with and without worse traffic in between, and must fare the same.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <vector>

#include "property/judge_world.hpp"

namespace weir::test {
namespace {

using admission::Place;
using admission::Standing;

constexpr std::uint32_t kWorst = 3;

// How the better classes fared: (request, standing after each operation), in order.
struct Fate {
    std::size_t request;
    Standing standing;
    Reason reason;
    friend bool operator==(const Fate&, const Fate&) = default;
};

class Traffic {
public:
    explicit Traffic(const Plan& plan) : judge_(plan.config(), clock_.now()) {}

    void play(const Operation& operation) {
        changes_.clear();
        judge_.expire(clock_.advance(std::chrono::milliseconds(operation.ms)), changes_);
        end_the_worse();
        Place* place = nullptr;
        if (operation.kind == Operation::arrive) {
            place = &places_.emplace_back();
            if (operation.cls != kWorst) better_.push_back(place);
            judge_.arrive(*place,
                          {ClassId{static_cast<std::uint16_t>(operation.cls)}, operation.client, operation.retry, {}},
                          clock_.now(), changes_);
        } else if (!better_.empty()) {
            place = better_[operation.pick % better_.size()];
            if (place->standing() == Standing::running) judge_.finish(*place, clock_.now(), changes_);
            if (place->standing() == Standing::waiting) judge_.leave(*place, clock_.now(), changes_);
        }
        end_the_worse();
        for (std::size_t i = 0; i < better_.size(); ++i) {
            fates.push_back({i, better_[i]->standing(), better_[i]->decision().reason});
        }
    }

    std::vector<Fate> fates;

private:
    void end_the_worse() {
        for (Place& place : places_) {
            if (place.ask().cls == ClassId{kWorst} && place.standing() == Standing::running) {
                judge_.finish(place, clock_.now(), changes_);
                return end_the_worse();
            }
        }
    }

    VirtualClock clock_;
    std::deque<Place> places_;
    std::vector<Place*> better_;
    admission::Changes changes_;
    admission::Judge judge_;
};

RC_GTEST_PROP(IsolationProperty, WorseArrivalsChangeNothingForBetterClasses, ()) {
    Plan plan = *any_plan();
    plan.endpoints.resize(1);                               // which of several endpoints is chosen may differ
    for (ClassPlan& cls : plan.classes) cls.guarantee = 0;  // a guarantee is taken from better classes
    Traffic with(plan);
    Traffic without(plan);
    for (Operation operation : *any_operations()) {
        if (operation.kind != Operation::arrive) operation.kind = Operation::finish;
        if (operation.kind == Operation::arrive && operation.cls == kWorst) {
            operation.ms = 0;
            const auto before = with.fates.size();
            with.play(operation);
            with.fates.resize(before);
        } else {
            with.play(operation);
            without.play(operation);
        }
    }
    RC_ASSERT(with.fates == without.fates);
}

}  // namespace
}  // namespace weir::test

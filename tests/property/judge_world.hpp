#pragma once
// Plays random operations on a judge through its public interface, and checks every step of the judge against
// judge_books.hpp.

#include <functional>
#include <memory>

#include "property/judge_books.hpp"
#include "property/tested_judge.hpp"
#include "support/virtual_time.hpp"

namespace weir::test {

using MakeJudge = std::function<std::unique_ptr<TestedJudge>(const admission::JudgeConfig&, TimePoint)>;

class JudgeWorld {
public:
    explicit JudgeWorld(const Plan& plan);
    JudgeWorld(const Plan& plan, const MakeJudge& make);

    // Lets the time of the operation pass, does it where it can be done, and checks all that happened.
    // Throws what RC_ASSERT throws.
    void play(const Operation& operation);
    // Ends all that is still there, in some order, and checks that nothing is left.
    void end_all();

private:
    void arrive(const Operation& operation);
    void requeue(BookedRequest& request);
    void flip_endpoint(std::size_t endpoint);
    void reconfigure(const Operation& operation);
    void pass(Duration time);

    // What a call reported, replayed one step at a time; `self` is reported by its standing alone.
    void replay(BookedRequest* self = nullptr);
    void check_dispatch(BookedRequest& request);
    void check_refusal(BookedRequest& request);
    // Of a class that has refused for want of room, clients have cohorts.
    void note_refusal(std::size_t cls, Reason reason);
    void check_eviction(BookedRequest& request);
    // What must hold between calls.
    void check_rest() const;
    [[nodiscard]] BookedRequest& request_of(const admission::Place* place);

    VirtualClock clock_;
    Books books_;
    admission::Changes changes_;
    std::unique_ptr<TestedJudge> judge_;
};

}  // namespace weir::test

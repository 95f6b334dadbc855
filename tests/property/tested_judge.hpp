#pragma once
// A judge, as the properties see it: through its public interface, each call of which a broken judge can break.

#include "admission/judge.hpp"

namespace weir::test {

class TestedJudge {
public:
    TestedJudge(const admission::JudgeConfig& config, TimePoint now) : judge_(config, now) {}
    virtual ~TestedJudge() = default;
    TestedJudge(const TestedJudge&) = delete;
    TestedJudge& operator=(const TestedJudge&) = delete;

    virtual std::optional<admission::Decision> refuse_early(const admission::Ask& ask, TimePoint now) {
        return judge_.refuse_early(ask, now);
    }
    virtual void arrive(admission::Place& place, const admission::Ask& ask, TimePoint now,
                        admission::Changes& changes) {
        judge_.arrive(place, ask, now, changes);
    }
    virtual void finish(admission::Place& place, TimePoint now, admission::Changes& changes) {
        judge_.finish(place, now, changes);
    }
    virtual void leave(admission::Place& place, TimePoint now, admission::Changes& changes) {
        judge_.leave(place, now, changes);
    }
    virtual bool requeue(admission::Place& place, TimePoint now, admission::Changes& changes) {
        return judge_.requeue(place, now, changes);
    }
    virtual void first_token(admission::Place& place, TimePoint now, admission::Changes& changes) {
        judge_.first_token(place, now, changes);
    }
    virtual void streamed(admission::Place& place, std::uint32_t tokens, TimePoint now) {
        judge_.streamed(place, tokens, now);
    }
    virtual void expire(TimePoint now, admission::Changes& changes) { judge_.expire(now, changes); }
    virtual void set_available(EndpointId endpoint, bool available, TimePoint now, admission::Changes& changes) {
        judge_.set_available(endpoint, available, now, changes);
    }
    virtual void reconfigure(const admission::JudgeConfig& config, TimePoint now, admission::Changes& changes) {
        judge_.reconfigure(config, now, changes);
    }
    [[nodiscard]] std::optional<TimePoint> next_expiry() const { return judge_.next_expiry(); }
    [[nodiscard]] admission::JudgeCounts counts(TimePoint now) const { return judge_.counts(now); }

protected:
    admission::Judge judge_;
};

}  // namespace weir::test

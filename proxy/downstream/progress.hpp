#pragma once
// What the judge is told of a running request while its answer passes: that it has begun, and what it has come to. And
// the way back: that it is to be cut short.
//
// Only event streams tell; of any other answer the judge hears when it is over. Tokens are told in steps, so that a
// stream costs the judge's lock a fraction of its events.

#include "ai/event_counter.hpp"
#include "downstream/shared_judge.hpp"

namespace weir::downstream {

class Progress {
public:
    Progress(SharedJudge& judge, Ticket& ticket) : judge_(judge), ticket_(ticket) {}

    // Content of an event stream goes to the client.
    void passed(std::string_view content, TimePoint now) {
        counter_.push(content);
        if (counter_.events() == 0) return;
        if (told_ == 0) judge_.first_token(ticket_, now);
        if (told_ > 0 && counter_.events() < told_ + kStep) return;
        told_ = counter_.events();
        judge_.streamed(ticket_, told_);
    }

    // Events with data that have passed.
    [[nodiscard]] std::uint32_t events() const { return counter_.events(); }

    // A better class needs the slot.
    [[nodiscard]] bool cut() const { return ticket_.cut(); }

private:
    static constexpr std::uint32_t kStep = 16;

    SharedJudge& judge_;
    Ticket& ticket_;
    ai::EventCounter counter_;
    std::uint32_t told_ = 0;
};

}  // namespace weir::downstream

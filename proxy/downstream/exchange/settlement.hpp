#pragma once
// The end of an answer: its usage is noted, and what its request holds is given back, or handed to the job that it has
// become, before the client has the last byte.

#include "downstream/exchange/caller.hpp"
#include "downstream/exchange/inbound.hpp"
#include "downstream/exchange/outcome.hpp"
#include "downstream/exchange/prompt.hpp"
#include "downstream/exchange/slot.hpp"
#include "downstream/transfer/progress.hpp"
#include "downstream/transfer/relay.hpp"

namespace weir::downstream {

class Settlement final : public Relay::Observer {
public:
    // REQUIRES: all of them outlive it.
    Settlement(const Inbound& inbound, const Caller& caller, const ai::RequestFacts& facts, const Progress& progress,
               Slot& slot, Outcome& outcome)
        : inbound_(inbound), caller_(caller), facts_(facts), progress_(progress), slot_(slot), outcome_(outcome) {}

    void answer_is_in() override;
    // The answer broke off.
    void broke_off(RelayEnd end);

private:
    void note_tokens(bool whole);
    void note_job();
    // Remembers which endpoint made what the answer names.
    void note_stored();
    // A response that continues in the background although its stream has broken off.
    void note_streamed_job();

    const Inbound& inbound_;
    const Caller& caller_;
    const ai::RequestFacts& facts_;
    const Progress& progress_;
    Slot& slot_;
    Outcome& outcome_;
};

}  // namespace weir::downstream

#pragma once
// A request that is about to ask for its slot.

#include <memory>
#include <string_view>

#include "downstream/exchange/slot.hpp"
#include "support/exchange_parts.hpp"

namespace weir::test {

struct AskingRequest {
    explicit AskingRequest(OneClient& from, std::string_view fields = {})
        : arrival(from, get_of("/", fields)),
          probe(from.client, 1),
          slot(std::make_unique<downstream::Slot>(from.client, probe, arrival.outcome)) {}

    [[nodiscard]] downstream::Passed arrive() { return slot->arrive(arrival.caller); }

    Arrival arrival;
    downstream::ClientProbe probe;
    std::unique_ptr<downstream::Slot> slot;
};

}  // namespace weir::test

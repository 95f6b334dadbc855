#pragma once
// The responses of one Realtime connection, as tests write them.

#include <optional>

#include "downstream/websocket/response_slots.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

struct SlotsBed : TestBed {
    explicit SlotsBed(std::uint32_t requests) : TestBed(requests) {
        slots.emplace(
            client, route(),
            downstream::ResponseSlots::Options{
                .ask = make_ask(0), .record = {}, .endpoint = EndpointId{0}, .first_byte = 60s, .total = 600s});
    }
    ~SlotsBed() { run(slots->end(Reason::client_gone)); }

    // Time passes, and whatever was posted arrives.
    void arrive(Duration after = {}) {
        pass(after);
        while (loop().turn_at(now)) {
        }
    }
    [[nodiscard]] const telemetry::Record& last() const { return recorder.records.back(); }

    std::optional<downstream::ResponseSlots> slots;
};

}  // namespace weir::test

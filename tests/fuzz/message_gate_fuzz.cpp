// A Realtime tunnel: the same messages pass however the bytes are split, and no more than a bound is held of a message
// that does not say what it is.

#include "downstream/websocket/message_gate.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/input.hpp"
#include "support/scripted_responses.hpp"

using namespace weir;
using test::require;

namespace {

// Up to this length an error of the server's is read in full, however it arrives.
constexpr std::size_t kLookedAt = 4096;

struct Outcome {
    std::string to_client;
    std::string to_server;
    std::string log;
    std::string_view fault;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome pass(std::string_view bytes, bool from_client, unsigned choice, std::size_t step) {
    test::ScriptedResponses responses(choice, choice >> 3U);
    downstream::MessageGate gate([] { return 0.5; }, &responses);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        std::string_view piece = bytes.substr(0, step);
        if (!from_client) gate.from_server(piece);
        while (from_client && !piece.empty() && gate.client_fault().empty()) {
            piece = gate.from_client(piece);
            require(piece.empty() || responses.waits() || !gate.client_fault().empty());
            gate.look();
        }
    }
    gate.look();
    return {gate.to_client(), gate.to_server(), responses.log, from_client ? gate.client_fault() : gate.server_fault()};
}

// The whole messages among the bytes. How much of an incomplete one has been read depends on how it arrived.
std::string_view whole_messages(std::string_view bytes, bool masked) {
    http::FrameReader reader(masked);
    std::size_t at = 0;
    std::size_t end = 0;
    while (at < bytes.size()) {
        const http::FrameReader::Piece piece = reader.next(bytes.substr(at));
        if (!piece.fault.empty()) break;
        at += piece.consumed;
        if (piece.ends_frame && reader.between_messages()) end = at;
    }
    return bytes.substr(0, end);
}

// A message that goes on without saying what it is, in frames of `size` bytes that come one by one.
void holds_no_more_than_its_bound(unsigned size) {
    constexpr std::size_t kBound = 64 * 1024;
    test::ScriptedResponses responses;
    downstream::MessageGate gate([] { return 0.5; }, &responses);
    std::size_t fed = 0;
    std::string frame = "\x01";
    frame.push_back(static_cast<char>(0x80 | size));
    frame.append(4, '\0').append(size, ' ');
    while (fed < 2 * kBound) {
        require(gate.from_client(frame).empty());
        fed += frame.size();
        require(gate.held() < kBound + frame.size());
        frame[0] = '\0';
    }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
    for (const unsigned size : {0U, 1U, 125U}) holds_no_more_than_its_bound(size);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzInput input(data, size);
    const bool from_client = input.choice % 2 == 0;
    const std::string_view bytes = whole_messages(input.bytes.substr(0, kLookedAt), from_client);
    if (bytes.empty()) return 0;
    const Outcome whole = pass(bytes, from_client, input.choice, bytes.size());
    const Outcome pieces = pass(bytes, from_client, input.choice, 1 + input.choice % 31);
    const Outcome single = pass(bytes, from_client, input.choice, 1);
    // An event that says its type twice is refused, or ends its client where it has begun to pass.
    const auto unclear = [](const Outcome& outcome) {
        return !outcome.fault.empty() || outcome.to_client.find("must say its type") != std::string::npos;
    };
    if (from_client && unclear(single)) return 0;
    require(whole.fault.empty());
    require(pieces == whole);
    require(single == whole);
    // The server's frames pass unchanged; Weir's own only come between them.
    if (!from_client) require(whole.to_client.size() >= bytes.size());
    return 0;
}

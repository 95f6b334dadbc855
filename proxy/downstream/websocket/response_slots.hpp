#pragma once
// The responses of one Realtime connection. Each holds a slot of the judge from its request to its end; the connection
// itself, however long it is idle, holds none.
//
// A response is a request in all but form: its class's limits, queue and priority apply to it, and it is logged and
// counted as one. It runs where its connection ends, whichever endpoint has the most headroom.

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "admission/config.hpp"
#include "downstream/client.hpp"
#include "downstream/shared/shared_judge.hpp"
#include "downstream/websocket/responses.hpp"
#include "net/task.hpp"
#include "telemetry/record.hpp"

namespace weir::downstream {

class ResponseSlots final : public Responses {
public:
    // Responses open at once on one connection; one more is refused as too many at once.
    static constexpr std::size_t kMax = 16;

    struct Options {
        admission::Ask ask;        // like the connection's own
        telemetry::Record record;  // the same; its views outlive the slots
        EndpointId endpoint = kNoEndpoint;
        Duration first_byte{};  // from admission to `response.created`
        Duration total{};       // from admission to `response.done`
    };

    ResponseSlots(Client& client, const Route& route, const Options& options);
    // REQUIRES: none waits, see end().
    ~ResponseSlots() override;
    ResponseSlots(const ResponseSlots&) = delete;
    ResponseSlots& operator=(const ResponseSlots&) = delete;

    [[nodiscard]] Verdict ask(std::string_view event_id) override;
    [[nodiscard]] Verdict verdict() override;
    [[nodiscard]] bool waits() const override { return waiting_ != nullptr; }
    [[nodiscard]] bool created() override;
    void delta() override;
    void done(const ai::Usage& usage) override;
    void rejected(std::string_view event_id) override;
    [[nodiscard]] bool give_up_overdue() override;
    [[nodiscard]] const std::string& refusal() const override { return refusal_; }

    [[nodiscard]] TimePoint next_deadline() const;
    [[nodiscard]] bool any() const { return !open_.empty(); }

    // The connection ends for this reason, and every open response with it.
    [[nodiscard]] net::task<void> end(Reason reason);

private:
    struct Response;
    Response& open(std::string_view event_id);
    // It has its place, or is refused and removed.
    Verdict settle(Response& response);
    void refuse_too_many(Response& response);
    void refuse(Response& response, Reason reason, Duration wait);
    void close(Response& response, Reason reason, int status);
    [[nodiscard]] Response* find(bool created);

    Client& client_;
    const Route& route_;
    Options options_;
    std::list<Response> open_;  // in the order of their requests; tickets must keep their addresses
    Response* waiting_ = nullptr;
    std::string refusal_;
};

}  // namespace weir::downstream

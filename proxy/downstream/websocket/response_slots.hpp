#pragma once
// The responses of one Realtime connection. Each holds a slot of the judge from when it is asked for to its end; the
// connection itself, however long it lies idle, holds none.
//
// A response is a request in all but its form: the class's contract, its line and its priority hold for it, and it has
// a line in the log and its place in the metrics. It runs where its connection ends, whichever endpoint has most room.

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
        admission::Ask ask;        // as the connection's own
        telemetry::Record record;  // likewise; its views outlive the slots
        EndpointId endpoint = kNoEndpoint;
        Duration first_byte{};  // from being let in to `response.created`
        Duration total{};       // from being let in to `response.done`
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

    // The connection ends for this reason: so does every response that is open.
    [[nodiscard]] net::task<void> end(Reason reason);

private:
    struct Response;
    Response& open(std::string_view event_id);
    // Settled: in its place, or refused and gone.
    Verdict settle(Response& response);
    void refuse_too_many(Response& response);
    void refuse(Response& response, Reason reason, Duration wait);
    void close(Response& response, Reason reason, int status);
    [[nodiscard]] Response* find(bool created);

    Client& client_;
    const Route& route_;
    Options options_;
    std::list<Response> open_;  // in the order in which they were asked for; tickets must stay where they are
    Response* waiting_ = nullptr;
    std::string refusal_;
};

}  // namespace weir::downstream

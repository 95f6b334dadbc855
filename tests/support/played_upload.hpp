#pragma once
// One upload, as a script has it, with a fault at one chosen step of its I/O. Time stands still: a client that falls
// silent is played with time-outs of zero.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "downstream/exchange/upload.hpp"
#include "support/exchange_parts.hpp"
#include "support/faulty_stream.hpp"

namespace weir::test {

struct UploadScript {
    std::string head;
    std::string with_head;             // of the body, what came with its head
    std::vector<std::string> pieces;   // what comes later, one after the other
    std::string content;               // what the body says
    std::string next = "GET /next H";  // the beginning of the next request, right behind it

    // All bytes behind the head.
    [[nodiscard]] std::string wire() const {
        std::string all = with_head;
        for (const std::string& piece : pieces) all += piece;
        return all + next;
    }
};

class PlayedUpload {
public:
    PlayedUpload(const UploadScript& script, const FaultPlan& fault, std::size_t bite)
        : script_(script), plan(fault), one(parts_for(fault)), arrival(one, script.head) {
        plan.cancel = [this] { one.far.close(); };
        SocketPair sockets = unix_pair();
        auto stream = std::make_unique<FaultyStream>(one.worker.loop(), sockets.near.release(), plan);
        stream->read_bite = bite;
        stream->write_bite = bite;
        one.far = std::move(sockets.far);
        one.client.stream = std::move(stream);
        one.client.source().set_waker(&one.client.waker);
        one.client.source().ready.writable = true;
        one.client.inbox = script.with_head;
        upload.emplace(one.client, arrival.inbound, arrival.outcome);
    }

    // Pieces that come while the upload waits for them, or else all of them before it begins.
    void read_ahead(bool with_pauses) {
        net::task<downstream::Passed> task = upload->read_ahead(arrival.inbound, arrival.caller, facts);
        play(task, with_pauses);
        ASSERT_TRUE(task.done()) << "it waits for what it has";
        no = task.result();
    }
    [[nodiscard]] bool drain(bool with_pauses) {
        const Duration time = plan.fault == Fault::silence ? Duration::zero() : std::chrono::seconds(1);
        net::task<bool> task = upload->drain(one.client.turn() + time);
        play(task, with_pauses);
        EXPECT_TRUE(task.done()) << "it waits for what it has";
        return task.done() && task.result();
    }

    // What came and was not taken for the body: in the inbox, and still in the socket.
    [[nodiscard]] std::string untaken() {
        std::string bytes(64 * 1024, '\0');
        const ssize_t got = ::recv(one.client.source().fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        std::string all = one.client.inbox + bytes;
        for (; sent_ < script_.pieces.size(); ++sent_) all += script_.pieces[sent_];
        return next_sent_ ? all : all + script_.next;
    }

private:
    static RoutingParts parts_for(const FaultPlan& fault) {
        RoutingParts parts;
        if (fault.fault == Fault::silence && fault.fail_at > 0) {
            parts.listener.limits.body_timeout = Duration::zero();
            parts.listener.limits.write_timeout = Duration::zero();
        }
        return parts;
    }

    // The last one with what follows it. Of a client that has left the end can be read.
    void send_piece() {
        if (one.far.get() < 0) one.client.source().ready.readable = true;
        if (next_sent_ || one.far.get() < 0) return;
        std::string bytes = sent_ < script_.pieces.size() ? script_.pieces[sent_++] : std::string();
        next_sent_ = sent_ == script_.pieces.size();
        if (next_sent_) bytes += script_.next;
        one.sends(bytes);
    }

    template <typename T>
    void play(net::task<T>& task, bool with_pauses) {
        while (!with_pauses && !next_sent_) send_piece();
        task.start();
        for (int turn = 0; !task.done() && turn < 1000; ++turn) {
            send_piece();
            one.client.waker.run();
        }
    }

    const UploadScript& script_;
    std::size_t sent_ = 0;  // of the pieces
    bool next_sent_ = false;

public:
    FaultPlan plan;
    OneClient one;
    Arrival arrival;
    std::optional<downstream::Upload> upload;
    ai::RequestFacts facts;
    downstream::Passed no;  // what read_ahead() has come to
};

}  // namespace weir::test

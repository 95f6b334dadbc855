#pragma once
// What a connection may use of its thread: its loop, its connections to backends, its parsing buffers. Only what
// ProcessState counts is shared with other threads.

#include <cstdint>
#include <memory>
#include <utility>

#include "downstream/process_state.hpp"
#include "downstream/request_ids.hpp"
#include "downstream/routing.hpp"
#include "downstream/string_pool.hpp"
#include "http/head.hpp"
#include "net/event_loop.hpp"
#include "telemetry/record.hpp"
#include "upstream/connection.hpp"

namespace weir::downstream {

class WorkerContext {
public:
    // `index` makes request ids of different workers distinct. REQUIRES: process and telemetry outlive it.
    WorkerContext(std::uint32_t index, ProcessState& process, telemetry::Recorder& telemetry,
                  std::shared_ptr<const Routing> policy)
        : routing(std::move(policy)), state_(process), recorder_(telemetry), ids_(index) {}

    [[nodiscard]] net::EventLoop& loop() { return loop_; }
    [[nodiscard]] ProcessState& state() const { return state_; }
    [[nodiscard]] telemetry::Recorder& recorder() { return recorder_; }
    [[nodiscard]] upstream::Pool& pool() { return pool_; }
    [[nodiscard]] StringPool& texts() { return texts_; }
    [[nodiscard]] RequestIds& ids() { return ids_; }
    // One parsed head of each kind; its contents are valid until the next wait.
    [[nodiscard]] http::RequestHead& request_head() { return request_head_; }
    [[nodiscard]] http::ResponseHead& response_head() { return response_head_; }

    // A request was refused because of a limit or for lack of capacity: for a while, requests are checked for that
    // early. At other times the extra check would be wasted on nearly all of them.
    void be_wary() { wary_ = kWary; }
    [[nodiscard]] bool is_wary() {
        if (wary_ > 0) --wary_;
        return wary_ > 0;
    }

    std::shared_ptr<const Routing> routing;  // in force

private:
    static constexpr std::uint32_t kWary = 64;

    net::EventLoop loop_;
    ProcessState& state_;
    telemetry::Recorder& recorder_;
    upstream::Pool pool_;
    StringPool texts_;
    http::RequestHead request_head_;
    http::ResponseHead response_head_;
    RequestIds ids_;
    std::uint32_t wary_ = 0;  // the number of requests still checked early
};

}  // namespace weir::downstream

#pragma once
// A request that is refused, and what its client reads of it.

#include <string>
#include <string_view>

#include "downstream/exchange/refusal_reply.hpp"
#include "http/head.hpp"
#include "support/exchange_parts.hpp"

namespace weir::test {

class RefusedRequest {
public:
    RefusedRequest(OneClient& one, const std::string& head, const downstream::Refusal& why, std::string_view body = {})
        : arrival(one, head), upload(one.client, arrival.inbound, arrival.outcome) {
        one.client.inbox = body;
        net::task<void> task =
            downstream::refuse(one.client, arrival.inbound, arrival.caller, upload, why, arrival.outcome);
        task.start();
        EXPECT_TRUE(resume_to_end(task, one.client.waker));
        text_ = one.far.receive();
        if (text_.empty()) return;
        const bool to_head = arrival.inbound.method() == "HEAD";
        EXPECT_EQ(http::parse_response(text_, {}, to_head, answer).status, http::ParseStatus::complete) << text_;
    }

    [[nodiscard]] std::string field(std::string_view name) const {
        const http::Field* found = answer.fields.find_single(name);
        return found == nullptr ? "none" : std::string(found->value);
    }
    [[nodiscard]] bool is_only_head() const { return text_.ends_with("\r\n\r\n"); }
    [[nodiscard]] const telemetry::Record& record() const { return arrival.outcome.record; }

private:
    std::string text_;

public:
    Arrival arrival;
    downstream::Upload upload;
    http::ResponseHead answer;
};

}  // namespace weir::test

#pragma once
// A request whose body came with its head, up to where it would ask for its slot.

#include <string>
#include <string_view>

#include "downstream/exchange/prompt.hpp"
#include "downstream/exchange/upload.hpp"
#include "support/exchange_parts.hpp"

namespace weir::test {

class PreparedPrompt {
public:
    struct Head {
        std::string text;
    };
    PreparedPrompt(OneClient& one, const Head& head, std::string_view body)
        : arrival(one, head.text), upload(one.client, arrival.inbound, arrival.outcome) {
        if (arrival.inbound.has_body()) no = upload.take(arrival.caller, body, prompt.facts());
        if (!no) no = prompt.prepare(one.client, arrival.inbound, arrival.caller, upload, arrival.outcome);
    }
    PreparedPrompt(OneClient& one, std::string_view path, std::string_view body)
        : PreparedPrompt(one, Head{post_to(path, json_fields(body.size()))}, body) {}

    [[nodiscard]] std::string body() { return upload.body().joined(); }
    [[nodiscard]] const admission::Ask& ask() const { return arrival.caller.ask; }
    // What is wrong with it; empty: nothing.
    [[nodiscard]] std::string_view fault() const {
        if (!no) return {};
        return no->detail.empty() ? name(no->reason) : no->detail;
    }

    Arrival arrival;
    downstream::Prompt prompt;
    downstream::Upload upload;
    downstream::Passed no;
};

}  // namespace weir::test

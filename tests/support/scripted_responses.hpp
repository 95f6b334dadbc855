#pragma once
// Scripted responses: verdicts are given in advance, and all that is reported is kept.

#include <string>

#include "downstream/websocket/responses.hpp"

namespace weir::test {

class ScriptedResponses final : public downstream::Responses {
public:
    // Bits for the outcomes of the first eight requests, repeated: served or refused, and whether it waits first. By
    // default all are served at once.
    explicit ScriptedResponses(unsigned served = 0xFF, unsigned waiting = 0) : served_(served), waiting_(waiting) {}

    Verdict ask(std::string_view /*event_id*/) override {
        log.append("ask\n");  // under which name depends on how much of it was here when it was known for what it is
        waits_ = (waiting_ >> (asked_ % 8) & 1U) != 0;
        return waits_ ? Verdict::wait : next();
    }
    Verdict verdict() override {
        waits_ = false;
        return next();
    }
    bool waits() const override { return waits_; }
    bool created() override {
        log.append("created\n");
        return next() == Verdict::go;
    }
    void delta() override { log.append("delta\n"); }
    void done(const ai::Usage& usage) override {
        log.append("done ").append(std::to_string(usage.output.value_or(0))).append("\n");
    }
    void rejected(std::string_view event_id) override { log.append("rejected ").append(event_id).append("\n"); }
    bool give_up_overdue() override { return false; }
    const std::string& refusal() const override { return refusal_; }

    std::string log;

private:
    Verdict next() { return (served_ >> (asked_++ % 8) & 1U) != 0 ? Verdict::go : Verdict::refused; }

    unsigned served_;
    unsigned waiting_;
    unsigned asked_ = 0;
    bool waits_ = false;
    std::string refusal_ = R"({"type":"error"})";
};

}  // namespace weir::test

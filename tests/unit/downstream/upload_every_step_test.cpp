// One upload, played again and again with every step of its I/O failing in every way, until one is unharmed. Whatever
// fails: its memory comes back, it is refused for what happened, what has come is in place, and not a byte is taken
// that belongs to what follows.

#include <gtest/gtest.h>

#include "downstream/exchange/reply.hpp"
#include "support/played_upload.hpp"

namespace weir::downstream {
namespace {

using test::Fault;
using test::FaultPlan;
using test::PlayedUpload;
using test::UploadScript;

const std::string kJson = R"({"stream": true})";

// A whole gzip member that says what kJson does, stored as it is.
std::string gzip_of(const std::string& text) {
    const auto size = static_cast<char>(text.size());
    std::string member("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01", 11);
    member += std::string({size, '\0', static_cast<char>(~size), '\xff'}) + text;
    std::uint32_t crc = ~0U;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ (0xEDB88320U & (~(crc & 1U) + 1U));
    }
    for (const std::uint32_t word : {~crc, static_cast<std::uint32_t>(text.size())}) {
        for (unsigned shift = 0; shift < 32; shift += 8) member.push_back(static_cast<char>(word >> shift));
    }
    return member;
}

const std::vector<UploadScript>& scripts() {
    static const std::string gzip = gzip_of(kJson);
    static const std::string fields = "Content-Encoding: gzip\r\n" + test::json_fields(gzip.size());
    static const std::string chat = "/v1/chat/completions";
    static const std::vector<UploadScript> all = {
        {test::post_to(chat, test::json_fields(kJson.size())),
         kJson.substr(0, 5),
         {kJson.substr(5, 7), kJson.substr(12)},
         kJson},
        {test::post_to(chat, fields), "", {gzip.substr(0, 14), gzip.substr(14)}, kJson},
        {test::post_to(chat, "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"),
         "",
         {"5\r\n" + kJson.substr(0, 5), "\r\nb;a=b\r\n" + kJson.substr(5) + "\r\n", "0\r\nTrailer: a\r\n\r\n"},
         kJson},
    };
    return all;
}

// The reason that a client is refused for, by what has failed; `asked` whether it was sent all that it waited for.
Reason reason_for(Fault fault, bool asked) {
    return fault == Fault::silence && asked ? Reason::request_timeout : Reason::client_gone;
}

void expect_sound(const UploadScript& script, PlayedUpload& play) {
    const std::string body = play.upload->body().joined();
    EXPECT_TRUE(script.content.starts_with(body)) << "this was not sent: " << body;
    EXPECT_GE(play.one.state.buffered_bytes, static_cast<std::int64_t>(body.size()));
    EXPECT_EQ(play.one.recorder.held, play.one.state.buffered_bytes);
    const std::string untaken = play.untaken();
    EXPECT_TRUE(script.wire().ends_with(untaken)) << "bytes are lost or out of order: " << untaken;
    EXPECT_GE(untaken.size(), script.next.size()) << "it has taken what is not its own";
    if (play.no) {
        const bool asked = !play.arrival.inbound.expects_continue || play.upload->continued();
        EXPECT_EQ(name(play.no->reason), name(reason_for(play.plan.fault, asked)));
        EXPECT_EQ(status_of(play.no->reason, Dialect::openai), play.no->reason == Reason::client_gone ? 499 : 408);
    } else {
        EXPECT_EQ(body, script.content);
        EXPECT_EQ(untaken, script.next);
        EXPECT_TRUE(play.upload->done() && play.facts.is_object && play.facts.stream);
    }
    const std::uint64_t counted = play.upload->reader().content_bytes();
    play.upload.reset();
    EXPECT_EQ(play.one.state.buffered_bytes, 0);
    EXPECT_EQ(play.one.recorder.held, 0);
    EXPECT_EQ(play.arrival.outcome.record.bytes_in, counted);
}

class UploadEveryStep : public testing::TestWithParam<std::tuple<std::size_t, std::size_t, bool>> {};

TEST_P(UploadEveryStep, FailingInEveryWayLosesNothing) {
    const auto& [which, bite, with_pauses] = GetParam();
    const UploadScript& script = scripts()[which];
    for (const Fault fault : {Fault::reset, Fault::end, Fault::silence, Fault::cancel}) {
        // A client that pauses is out of time before it falls silent: its time-outs are zero.
        if (fault == Fault::silence && with_pauses) continue;
        int step = 1;
        for (bool reached = true; reached; ++step) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
            PlayedUpload play(script, FaultPlan{.fail_at = step, .fault = fault}, bite);
            play.read_ahead(with_pauses);
            reached = play.plan.reached;
            // A client that leaves when it has sent all has sent all.
            if (fault != Fault::cancel) {
                EXPECT_EQ(play.no != nullptr, reached);
            }
            expect_sound(script, play);
            if (HasFailure()) return;
        }
        EXPECT_GT(step, 2);
    }
}

INSTANTIATE_TEST_SUITE_P(Uploads, UploadEveryStep,
                         testing::Combine(testing::Range<std::size_t>(0, 3), testing::Values<std::size_t>(1, 7, 1000),
                                          testing::Bool()));

}  // namespace
}  // namespace weir::downstream

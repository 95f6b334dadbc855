// What is taken of a body before its request waits in the queue, and what that may cost.

#include "downstream/exchange/upload.hpp"

#include <gtest/gtest.h>

#include "support/played_upload.hpp"

namespace weir::downstream {
namespace {

using test::Arrival;
using test::OneClient;
using test::RoutingParts;
using test::word;

// A client with a request, whose body comes as a test sends it.
struct Uploading {
    Uploading(const RoutingParts& parts, const std::string& head)
        : one(parts), arrival(one, head), upload(std::in_place, one.client, arrival.inbound, arrival.outcome) {}

    Passed take(std::string_view bytes) { return upload->take(arrival.caller, bytes, facts); }
    // What has come of it when all that was sent has been read; `waits` where it goes on.
    std::string_view read_ahead() {
        if (!task) {
            task.emplace(upload->read_ahead(arrival.inbound, arrival.caller, facts));
            task->start();
        }
        for (int turn = 0; !task->done() && turn < 100; ++turn) one.client.waker.run();
        if (!task->done()) return "waits";
        no = task->result();
        return word(no);
    }

    OneClient one;
    Arrival arrival;
    std::optional<Upload> upload;
    ai::RequestFacts facts;
    std::optional<net::task<Passed>> task;
    Passed no;
};

constexpr std::string_view kChat = "/v1/chat/completions";

TEST(Upload, TakesABodyThatCameWithItsHead) {
    Uploading uploading({}, test::post_to(kChat, test::json_fields(12)));
    EXPECT_EQ(word(uploading.take(R"({"model":""}GET)")), "passed");
    EXPECT_EQ(uploading.upload->body().joined(), R"({"model":""})");
    EXPECT_TRUE(uploading.upload->done() && uploading.facts.is_object);
}

TEST(Upload, RefusesABodyThatIsTooLargeWhateverItsFraming) {
    RoutingParts parts;
    parts.listener.limits.body_bytes = 10;
    Uploading chunked(parts, test::post_to(kChat, "Transfer-Encoding: chunked\r\n"));
    chunked.one.sends("b\r\n12345678901\r\n");
    EXPECT_EQ(chunked.read_ahead(), "body_too_large");
    EXPECT_LE(chunked.upload->body().size(), 10U);
}

// Each step down in priority leaves a tenth of the memory to the better classes.
TEST(Upload, RefusesTheLeastImportantFirstWhereMemoryIsShort) {
    using admission::Priority;
    for (const auto& [priority, most] :
         {std::pair{Priority::critical, 10'000}, {Priority::high, 9'000}, {Priority::sheddable, 6'000}}) {
        for (const auto& [held, answer] : {std::pair{most - 2'100, "passed"}, {most - 1'900, "memory_pressure"}}) {
            RoutingParts parts;
            parts.limits.buffered_bytes = 10'000;
            parts.classes[0].config.priority = priority;
            Uploading uploading(parts, test::post_to(kChat, test::json_fields(2'000)));
            uploading.one.state.buffered_bytes = held;
            EXPECT_EQ(word(uploading.take("{" + std::string(1'998, ' ') + "}")), answer)
                << static_cast<int>(priority) << " beside " << held;
            uploading.upload.reset();
            EXPECT_EQ(uploading.one.state.buffered_bytes, held);
        }
    }
}

TEST(Upload, GivesAFaultOfTheBodyBeforeAWantOfMemory) {
    RoutingParts parts;
    parts.limits.buffered_bytes = 1'000;
    Uploading uploading(parts, test::post_to(kChat, "Transfer-Encoding: chunked\r\n"));
    uploading.one.state.buffered_bytes = 2'000;
    uploading.one.client.inbox = "x\r\n";
    EXPECT_EQ(uploading.read_ahead(), "bad_request");
}

struct Bounded {
    std::string_view path;
    std::string_view type;
    std::string_view begins;
    bool whole;
};

// Of a body that is not read, and of one that is not what it is read as, so much is taken before the line.
TEST(Upload, TakesOnlyTheBeginningOfABodyThatIsNotRead) {
    for (const Bounded& row : {
             Bounded{kChat, "application/json", "{", true},
             {kChat, "application/json", "<", true},
             {"/other", "application/json", "{", true},
             {"/other", "application/json", "<", false},
             {"/other", "image/png", "{", false},
         }) {
        RoutingParts parts;
        parts.limits.body_before_queue = 50;
        const std::string fields = "Content-Type: " + std::string(row.type) + "\r\nContent-Length: 100\r\n";
        Uploading uploading(parts, test::post_to(row.path, fields));
        uploading.one.sends(std::string(row.begins) + std::string(59, ' '));
        EXPECT_EQ(uploading.read_ahead(), row.whole ? "waits" : "passed") << row.path << " " << row.begins;
        EXPECT_FALSE(uploading.upload->done());
        if (!row.whole) continue;
        uploading.one.sends(std::string(40, ' '));
        EXPECT_EQ(uploading.read_ahead(), "passed");
        EXPECT_TRUE(uploading.upload->done());
    }
}

TEST(Upload, AsksAClientThatWaitsForIt) {
    Uploading uploading({}, test::post_to(kChat, "Expect: 100-continue\r\n" + test::json_fields(2)));
    EXPECT_FALSE(uploading.upload->continued());
    EXPECT_EQ(uploading.read_ahead(), "waits");
    EXPECT_TRUE(uploading.upload->continued());
    EXPECT_EQ(uploading.one.far.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
    uploading.one.sends("{}");
    EXPECT_EQ(uploading.read_ahead(), "passed");
}

TEST(Upload, LetsItsRoomServeAnotherOnceItIsRefused) {
    Uploading uploading({}, test::post_to(kChat, test::json_fields(2'000)));
    EXPECT_EQ(word(uploading.take(std::string(2'000, ' '))), "passed");
    EXPECT_GE(uploading.one.state.buffered_bytes, 2'000);
    uploading.upload->let_go();
    EXPECT_EQ(uploading.one.state.buffered_bytes, 0);
    EXPECT_EQ(uploading.one.worker.texts().size(), 1U);
    EXPECT_EQ(uploading.upload->body().size(), 0U);
}

}  // namespace
}  // namespace weir::downstream

#include "downstream/client.hpp"

#include <gtest/gtest.h>

#include "support/test_bed.hpp"

namespace weir::downstream {
namespace {

using net::IoStatus;
using test::TestBed;
using namespace std::chrono_literals;

class ClientTest : public testing::Test {
protected:
    TestBed bed;
};

TEST_F(ClientTest, ReadsToTheEndOfWhatItHas) {
    bed.client.inbox = "GET ";
    bed.client_end->says("/ HTTP/1.1");
    EXPECT_EQ(bed.client.read_more(3), IoStatus::ok);
    EXPECT_EQ(bed.client.inbox, "GET / H");
    EXPECT_EQ(bed.client.read_more(1000), IoStatus::ok);
    EXPECT_EQ(bed.client.inbox, "GET / HTTP/1.1");
    EXPECT_EQ(bed.client.read_more(1000), IoStatus::would_block);
    bed.client_end->ends();
    EXPECT_EQ(bed.client.read_more(1000), IoStatus::eof);
    EXPECT_EQ(bed.client.inbox, "GET / HTTP/1.1");
}

TEST_F(ClientTest, SendsAllOfAText) {
    bed.client_end->write_bite = 1;
    bed.client_end->blocks_first = true;
    EXPECT_TRUE(bed.run(bed.client.send("hello")));
    EXPECT_EQ(bed.client_end->written, "hello");
    EXPECT_TRUE(bed.run(bed.client.send("")));
}

TEST_F(ClientTest, GivesAReaderItsTimeAnewForEveryByte) {
    bed.client_end->room = 1;
    bed.then([&] { bed.pass(20s); });
    bed.then([&] { bed.client_end->takes(1); });
    EXPECT_FALSE(bed.run(bed.client.send("hello")));
    EXPECT_EQ(bed.client_end->written, "he");
    EXPECT_EQ(bed.elapsed(), 20s + bed.limits().write_timeout);
}

TEST_F(ClientTest, SendsNothingToOneThatIsGone) {
    bed.client_end->room = 0;
    bed.then([&] { bed.client_end->resets(); });
    EXPECT_FALSE(bed.run(bed.client.send("hello")));
    EXPECT_EQ(bed.elapsed(), Duration::zero());
    EXPECT_EQ(bed.client_end->written, "");
}

TEST_F(ClientTest, HasTheLimitsOfItsListener) {
    bed.limits().body_bytes = 17;
    EXPECT_EQ(bed.client.limits().body_bytes, 17U);
    EXPECT_EQ(bed.routing->find(TestBed::kListener), bed.routing->listeners.data());
    EXPECT_EQ(bed.routing->find(kNoListener), nullptr);
    EXPECT_EQ(bed.routing->find(ClassId{0}), bed.routing->routes.data());
    EXPECT_EQ(bed.routing->find(kNoClass), nullptr);
}

}  // namespace
}  // namespace weir::downstream

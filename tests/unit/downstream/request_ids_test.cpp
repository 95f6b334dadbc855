#include "downstream/request_ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "downstream/worker_context.hpp"
#include "support/test_bed.hpp"

namespace weir::downstream {
namespace {

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

TEST(RequestIds, AreUniqueHexOverWorkers) {
    RequestIds first(0);
    RequestIds second(1);
    std::set<std::string> seen;
    for (int i = 0; i < 300; ++i) {
        for (RequestIds* ids : {&first, &second}) {
            const std::string id(static_cast<std::string_view>(ids->next()));
            EXPECT_EQ(id.size(), 26U);
            EXPECT_TRUE(is_hex(id)) << id;
            EXPECT_TRUE(seen.insert(id).second) << id;
        }
    }
}

TEST(RequestIds, CountUpBehindAPrefixOfTheirWorker) {
    RequestIds ids(0);
    const std::string first(static_cast<std::string_view>(ids.next()));
    const std::string second(static_cast<std::string_view>(ids.next()));
    EXPECT_EQ(first.substr(0, 16), second.substr(0, 16));
    EXPECT_EQ(first.substr(16), "0000000000");
    EXPECT_EQ(second.substr(16), "0000000001");
}

TEST(RequestIds, MakeTracesOfTheFormThatTraceContextHas) {
    RequestIds ids(0);
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const Traceparent bytes = ids.next_traceparent();
        const std::string text(bytes.data(), bytes.size());
        EXPECT_EQ(text.substr(0, 3), "00-");
        EXPECT_TRUE(is_hex(text.substr(3, 32))) << text;
        EXPECT_EQ(text[35], '-');
        EXPECT_TRUE(is_hex(text.substr(36, 16))) << text;
        EXPECT_EQ(text.substr(52), "-01");
        EXPECT_NE(text.substr(3, 32), std::string(32, '0'));
        EXPECT_NE(text.substr(36, 16), std::string(16, '0'));
        EXPECT_TRUE(seen.insert(text).second);
    }
}

TEST(RequestIds, DrawNumbersFromZeroToOne) {
    RequestIds ids(0);
    double least = 1;
    double most = 0;
    for (int i = 0; i < 1000; ++i) {
        const double drawn = ids.random();
        least = std::min(least, drawn);
        most = std::max(most, drawn);
    }
    EXPECT_GE(least, 0);
    EXPECT_LT(most, 1);
    EXPECT_LT(least, 0.1);
    EXPECT_GT(most, 0.9);
}

TEST(RequestId, KeepsATextOfItsOwn) {
    std::string text(RequestId::kLongest, 'x');
    const RequestId id(text);
    text.assign(text.size(), 'y');
    EXPECT_EQ(static_cast<std::string_view>(id), std::string(RequestId::kLongest, 'x'));
}

TEST(WorkerContext, IsWaryForAWhileAfterARefusal) {
    test::TestBed bed;
    EXPECT_FALSE(bed.context.is_wary());
    bed.context.be_wary();
    int wary = 0;
    while (bed.context.is_wary()) ++wary;
    EXPECT_EQ(wary, 63);
    EXPECT_FALSE(bed.context.is_wary());
}

}  // namespace
}  // namespace weir::downstream

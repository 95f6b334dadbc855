#include "http/partial_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

TEST(PartialHead, IsParsedAFewTimesHoweverItArrives) {
    std::string head = "GET / HTTP/1.1\r\nX: " + std::string(30'000, 'x') + "\r\n\r\n";
    PartialHead partial;
    int reads = 0;
    for (std::size_t size = 1; size < head.size(); ++size) {
        reads += partial.is_worth_reading(std::string_view(head).substr(0, size), 32 * 1024) ? 1 : 0;
    }
    EXPECT_LT(reads, 20);
    EXPECT_TRUE(partial.is_worth_reading(head, 32 * 1024)) << "its end has arrived";
}

TEST(PartialHead, IsParsedAtItsLimit) {
    PartialHead partial;
    const std::string bytes(1000, 'x');
    EXPECT_TRUE(partial.is_worth_reading(std::string_view(bytes).substr(0, 700), 1000));
    EXPECT_FALSE(partial.is_worth_reading(std::string_view(bytes).substr(0, 999), 1000));
    EXPECT_TRUE(partial.is_worth_reading(bytes, 1000));
}

TEST(PartialHead, IsParsedWhereverItsEndIsSplit) {
    for (std::size_t cut = 1; cut < 4; ++cut) {
        PartialHead partial;
        const std::string head = "GET / HTTP/1.1\r\n\r\n";
        (void)partial.is_worth_reading(std::string_view(head).substr(0, head.size() - cut), 1000);
        EXPECT_TRUE(partial.is_worth_reading(head, 1000)) << cut;
    }
}

}  // namespace
}  // namespace weir::http

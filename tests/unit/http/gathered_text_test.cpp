#include <gtest/gtest.h>

#include "http/gathered_text.hpp"

namespace weir::http {
namespace {

TEST(GatheredText, AppendsItsPiecesInOrder) {
    std::string out = "before ";
    GatheredText text(out);
    text.add("a literal, ").add(std::string_view("a view, ")).add_number(18'446'744'073'709'551'615U).finish();
    EXPECT_EQ(out, "before a literal, a view, 18446744073709551615");
}

TEST(GatheredText, LeavesTheStringUnchangedUntilFinished) {
    std::string out;
    GatheredText text(out);
    text.add("waits");
    EXPECT_TRUE(out.empty());
}

// At any length, including a piece that just fits and one longer than the whole buffer.
TEST(GatheredText, KeepsTheOrderWhenItsBufferIsFull) {
    for (const std::size_t length : {1, 7, 500, 1023, 1024, 1025, 5000}) {
        std::string out;
        std::string expected;
        GatheredText text(out);
        for (char c = 'a'; c <= 'z'; ++c) {
            const std::string piece(length, c);
            text.add(piece).add("\r\n");
            expected.append(piece).append("\r\n");
        }
        text.finish();
        EXPECT_EQ(out, expected) << length;
    }
}

}  // namespace
}  // namespace weir::http

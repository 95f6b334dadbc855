#include "downstream/transfer/event_tail.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

bool within(std::string_view content) {
    EventTail whole;
    whole.passed(content);
    EventTail bytes;
    for (const char& c : content) bytes.passed({&c, 1});
    EXPECT_EQ(whole.within_event(), bytes.within_event()) << content;
    return whole.within_event();
}

TEST(EventTail, KnowsEveryEndThatAnEventCanHave) {
    for (const char* end : {"\n\n", "\r\r", "\r\n\r\n", "\n\r\n", "\r\n\n", "\r\n\r", "\n\r", "\r\r\n"}) {
        EXPECT_FALSE(within(std::string("data: x") + end)) << "of " << std::string(end).size() << " bytes";
    }
}

TEST(EventTail, IsWithinAnEventThatHasNotEnded) {
    for (const char* text : {"d", "data: x", "data: x\n", "data: x\r\n", "data: x\r", "data: x\n\nd", ": comment\n"}) {
        EXPECT_TRUE(within(text)) << text;
    }
}

TEST(EventTail, IsWithinNoneBeforeTheFirst) {
    EXPECT_FALSE(within(""));
    EXPECT_FALSE(within("\n"));
    EXPECT_FALSE(within("\r\n"));
}

}  // namespace
}  // namespace weir::downstream

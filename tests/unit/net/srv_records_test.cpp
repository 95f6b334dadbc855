#include "net/srv_records.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::net {
namespace {

using namespace std::chrono_literals;

std::string number(unsigned value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return text;
}

std::string record(unsigned priority, unsigned weight, unsigned port, std::string_view label, unsigned ttl) {
    std::string data = number(priority, 2) + number(weight, 2) + number(port, 2);
    data.append(1, static_cast<char>(label.size())).append(label).append(1, '\0');
    return "\xC0\x0C" + number(33, 2) + number(1, 2) + number(ttl, 4) + number(static_cast<unsigned>(data.size()), 2) +
           data;
}

std::string message(std::initializer_list<std::string> records) {
    std::string text = number(7, 2) + number(0x8580, 2) + number(1, 2) +
                       number(static_cast<unsigned>(records.size()), 2) + number(0, 4);
    text.append("\4_llm\0", 6).append(number(33, 2)).append(number(1, 2));
    for (const std::string& one : records) text += one;
    return text;
}

TEST(SrvRecords, AreThoseOfTheBestPriority) {
    const SrvRecords records = read_srv_records(
        message({record(2, 1, 9000, "spare", 5), record(1, 10, 8001, "one", 60), record(1, 20, 8002, "two", 30)}));
    ASSERT_EQ(records.services.size(), 2U);
    EXPECT_EQ(records.services[0].host, "one");
    EXPECT_EQ(records.services[0].port, 8001);
    EXPECT_EQ(records.services[0].weight, 10);
    EXPECT_EQ(records.services[1].host, "two");
    EXPECT_EQ(records.ttl, 30s);
}

TEST(SrvRecords, OfABrokenMessageAreThoseBeforeTheFault) {
    const std::string whole = message({record(1, 10, 8001, "one", 60), record(1, 10, 8002, "two", 60)});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_LE(read_srv_records(whole.substr(0, size)).services.size(), 1U) << size;
    }
    EXPECT_EQ(read_srv_records(whole).services.size(), 2U);
}

}  // namespace
}  // namespace weir::net

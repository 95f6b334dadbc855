#include "downstream/websocket/client_websockets.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace weir::downstream {
namespace {

TEST(ClientWebSockets, AreBoundedForEachClientAlone) {
    ClientWebSockets all;
    std::optional<ClientWebSockets::Place> first;
    first.emplace(all, 1, 2);
    const ClientWebSockets::Place second(all, 1, 2);
    EXPECT_TRUE(first->counted());
    EXPECT_TRUE(second.counted());
    {
        const ClientWebSockets::Place third(all, 1, 2);
        EXPECT_FALSE(third.counted());
    }
    const ClientWebSockets::Place other(all, 2, 2);
    EXPECT_TRUE(other.counted());
    first.reset();
    const ClientWebSockets::Place again(all, 1, 2);
    EXPECT_TRUE(again.counted());
}

}  // namespace
}  // namespace weir::downstream

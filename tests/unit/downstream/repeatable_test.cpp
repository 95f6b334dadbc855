#include "downstream/exchange/repeatable.hpp"

#include <gtest/gtest.h>

namespace weir::downstream {
namespace {

using ai::Api;

struct Case {
    std::string_view method;
    Api api;
    Repeat repeat;
};

TEST(Repeatable, OnlyWhatCostsNothingButItsCostIsSentAgain) {
    for (const Case& row : {
             Case{"GET", Api::generic, Repeat::once},
             {"HEAD", Api::generic, Repeat::once},
             {"OPTIONS", Api::other, Repeat::once},
             {"PUT", Api::generic, Repeat::once},
             {"DELETE", Api::generic, Repeat::unprocessed},
             {"PATCH", Api::generic, Repeat::unprocessed},
             {"QUERY", Api::generic, Repeat::unprocessed},
             {"get", Api::generic, Repeat::unprocessed},
             {"POST", Api::chat, Repeat::once},
             {"POST", Api::completions, Repeat::once},
             {"POST", Api::messages, Repeat::once},
             {"POST", Api::embeddings, Repeat::once},
             {"POST", Api::count_tokens, Repeat::once},
             {"POST", Api::responses, Repeat::unprocessed},
             {"POST", Api::videos, Repeat::unprocessed},
             {"POST", Api::other, Repeat::unprocessed},
             {"POST", Api::generic, Repeat::unprocessed},
         }) {
        EXPECT_EQ(repeat_of(row.method, row.api), row.repeat) << row.method << " " << static_cast<int>(row.api);
    }
}

TEST(Repeatable, WhatWasCertainlyNotProcessedIsTriedThreeTimes) {
    for (const Repeat repeat : {Repeat::unprocessed, Repeat::once}) {
        EXPECT_TRUE(may_try_again(repeat, {1, 0}, 3));
        EXPECT_TRUE(may_try_again(repeat, {2, 0}, 3));
        EXPECT_FALSE(may_try_again(repeat, {3, 0}, 3));
    }
}

TEST(Repeatable, WhatMayHaveBeenProcessedIsSentOnceMoreOrNever) {
    EXPECT_FALSE(may_try_again(Repeat::unprocessed, {1, 1}, 3));
    EXPECT_FALSE(may_try_again(Repeat::unprocessed, {2, 1}, 3));
    EXPECT_TRUE(may_try_again(Repeat::once, {1, 1}, 3));
    EXPECT_TRUE(may_try_again(Repeat::once, {2, 1}, 3));
    EXPECT_FALSE(may_try_again(Repeat::once, {2, 2}, 3));
    EXPECT_FALSE(may_try_again(Repeat::once, {3, 1}, 3));
}

}  // namespace
}  // namespace weir::downstream

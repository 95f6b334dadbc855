#include "admission/queue/queue.hpp"

#include <gtest/gtest.h>

#include "support/judges.hpp"
#include "support/virtual_time.hpp"

namespace weir::admission {
namespace {

// Only a judge can give a place its key, so queues are examined through one.
TEST(Queue, ServesFirstTriesInOrderAndRetriesBehindThem) {
    Judge judge(test::make_config({test::make_class(0)}, {1}), test::kStart);
    Changes changes;
    Place running, retry, first, second;
    Ask again = test::make_ask(0);
    again.retry = true;
    judge.arrive(running, test::make_ask(0), test::kStart, changes);
    judge.arrive(retry, again, test::kStart, changes);
    judge.arrive(first, test::make_ask(0), test::kStart, changes);
    judge.arrive(second, test::make_ask(0), test::kStart, changes);
    EXPECT_TRUE(changes.empty());
    for (Place* place : {&running, &first, &second, &retry}) {
        ASSERT_EQ(place->standing(), Standing::running);
        judge.finish(*place, test::kStart, changes);
    }
    EXPECT_EQ(changes, (Changes{&first, &second, &retry}));
}

TEST(Key, OrdersByShareThenRetryThenCohortThenArrival) {
    EXPECT_LT((Key{false, false, 7, 9}), (Key{false, true, 0, 1}));
    EXPECT_LT((Key{false, true, 0, 1}), (Key{false, true, 0, 2}));
    EXPECT_LT((Key{false, true, 0, 2}), (Key{false, true, 1, 1}));
    EXPECT_LT((Key{false, true, 9, 9}), (Key{true, false, 0, 1}));
}

}  // namespace
}  // namespace weir::admission

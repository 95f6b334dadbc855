import random
import unittest

from weirbench import retry


class ShouldRetry(unittest.TestCase):
    def test_two_retries_and_no_more(self):
        self.assertTrue(retry.should_retry(503, {}, 0))
        self.assertTrue(retry.should_retry(503, {}, 1))
        self.assertFalse(retry.should_retry(503, {}, 2))

    def test_lost_connections_overload_and_conflicts_are_retried_and_bad_requests_are_not(self):
        for status in (None, 408, 409, 429, 500, 502, 503, 504, 529):
            self.assertTrue(retry.should_retry(status, {}, 0), status)
        for status in (400, 401, 403, 404, 413, 422):
            self.assertFalse(retry.should_retry(status, {}, 0), status)

    def test_the_servers_advice_decides(self):
        self.assertFalse(retry.should_retry(503, {"x-should-retry": "false"}, 0))
        self.assertTrue(retry.should_retry(400, {"x-should-retry": "true"}, 0))


class Delay(unittest.TestCase):
    rng = random.Random(1)

    def test_milliseconds_come_before_seconds(self):
        self.assertEqual(retry.delay({"retry-after-ms": "1250", "retry-after": "9"}, 0, self.rng), 1.25)
        self.assertEqual(retry.delay({"retry-after": "9"}, 0, self.rng), 9)

    def test_a_date_counts_from_now(self):
        headers = {"retry-after": "Wed, 21 Oct 2015 07:28:10 GMT"}
        self.assertEqual(retry.advised_delay(headers, now=1445412480), 10)

    def test_advice_beyond_a_minute_is_ignored(self):
        for advice in ("61", "0", "-5", "soon"):
            self.assertLessEqual(retry.delay({"retry-after": advice}, 0, self.rng), 0.5)

    def test_without_advice_the_wait_doubles_up_to_eight_seconds_less_a_quarter_at_most(self):
        for retries_done, maximum in ((0, 0.5), (1, 1), (2, 2), (10, 8)):
            for _ in range(50):
                wait = retry.delay({}, retries_done, self.rng)
                self.assertLessEqual(wait, maximum)
                self.assertGreaterEqual(wait, 0.75 * maximum)


if __name__ == "__main__":
    unittest.main()

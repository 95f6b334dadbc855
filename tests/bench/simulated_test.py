"""The comparison of a live surge with a simulated one."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
from weirbench import simulated  # noqa: E402
from weirbench.summary import HEADER, ClassSummary  # noqa: E402

SEEN = {"direct": {"offered": 200, "served": 200, "good": 198, "refused": 0, "failed": 0, "unserved_by_reason": {},
                   "retries": 20, "goodput": 0.99, "first_token_p50_s": 0.04, "first_token_p95_s": 0.1,
                   "first_token_p99_s": 0.2},
        "bulk": {"offered": 100, "served": 0, "good": 0, "refused": 100, "failed": 0,
                 "unserved_by_reason": {"queue_timeout": 10, "queue_full": 90}, "retries": 200, "goodput": 0.0}}


class Simulated(unittest.TestCase):
    def test_rows_have_the_columns_of_the_live_ones(self):
        bulk, direct = simulated.rows("Weir, simulated", SEEN)
        self.assertEqual(len(bulk), len(HEADER))
        self.assertEqual(direct[6:], ["99.0 %", "1.10", "40 ms", "100 ms", "200 ms"])
        self.assertEqual(bulk[4], "100 (queue_full 90, queue_timeout 10)")
        self.assertEqual(bulk[-3:], ["-", "-", "-"])

    def test_agreement_is_in_points_and_as_a_ratio(self):
        live = {"direct": ClassSummary(offered=100, served=100, good=98, first_tokens=[0.25] * 100),
                "bulk": ClassSummary(offered=100)}
        self.assertEqual(simulated.agreement(SEEN, live), [
            "bulk: goodput +0.00 points.", "direct: goodput -1.00 points; p99 first token 1.25 times the simulated one."])


if __name__ == "__main__":
    unittest.main()

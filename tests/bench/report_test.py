import unittest
import xml.etree.ElementTree
from collections import Counter

from weirbench import plot, policy, rig, stats, summary
from weirbench.replay import Outcome


def served(klass, arrival, first_token):
    return Outcome(klass, arrival, "served", "", first_token, arrival + first_token, 1)


def refused(klass, arrival, reason):
    return Outcome(klass, arrival, "refused", reason, None, arrival + 1, 3, Counter({reason: 3}))


class Stats(unittest.TestCase):
    def test_percentiles_are_values_that_occurred(self):
        values = list(range(1, 101))
        self.assertEqual([stats.percentile(values, q) for q in (0, 0.5, 0.95, 0.99, 1)], [1, 50, 95, 99, 100])
        self.assertEqual(stats.percentile([7], 0.99), 7)
        self.assertIsNone(stats.percentile([], 0.5))

    def test_medians(self):
        self.assertEqual(stats.median([3, 1, 2]), 2)
        self.assertEqual(stats.median([4, 1, 2, 3]), 2.5)
        self.assertIsNone(stats.median([]))


class Summarize(unittest.TestCase):
    outcomes = [served("direct", 0, 0.5), served("direct", 1, 1.5), Outcome("direct", 2, "failed", "gave up waiting", attempts=1),
                served("bulk", 0, 9), refused("bulk", 1, "queue_full")]

    def test_good_means_served_within_the_slo_out_of_all_that_was_offered(self):
        direct = summary.summarize(self.outcomes, {"direct": 1})["direct"]
        self.assertEqual((direct.offered, direct.served, direct.good), (3, 2, 1))
        self.assertAlmostEqual(direct.goodput, 1 / 3)
        self.assertEqual(direct.failed, {"gave up waiting": 1})

    def test_a_class_without_an_slo_only_has_to_be_served(self):
        bulk = summary.summarize(self.outcomes, {"direct": 1})["bulk"]
        self.assertEqual((bulk.offered, bulk.good, bulk.attempts), (2, 1, 4))
        self.assertEqual(bulk.refused, {"queue_full": 1})
        self.assertEqual(bulk.refused_attempts, {"queue_full": 3})

    def test_every_outcome_is_in_one_column(self):
        for s in summary.summarize(self.outcomes).values():
            self.assertEqual(s.offered, s.served + sum(s.refused.values()) + sum(s.failed.values()))

    def test_tables_have_a_row_a_class(self):
        rows = summary.rows("Weir", summary.summarize(self.outcomes))
        self.assertEqual([row[1] for row in rows], ["bulk", "direct"])
        self.assertIn("1 (queue_full 1)", summary.text_table(summary.HEADER, rows))
        self.assertEqual(len(summary.markdown_table(summary.HEADER, rows).splitlines()), 4)


class Plot(unittest.TestCase):
    def test_the_picture_is_well_formed_and_shows_every_scenario_and_class(self):
        svg = plot.surge_svg("a < b & c", {"Weir": Summarize.outcomes, "no proxy": []}, 10)
        xml.etree.ElementTree.fromstring(svg)
        for words in ("Weir", "no proxy", "direct: requests per second", "bulk: requests per second", "a &lt; b &amp; c"):
            self.assertIn(words, svg)

    def test_counts_each_second(self):
        self.assertEqual(plot.per_second([0, 0.9, 1, None, 5], 3), [2, 1, 0])


class Policy(unittest.TestCase):
    text = """
backends:
  - name: mock
    capacity:            # per endpoint
      requests: 24
classes:
  - name: direct
    slo: { first_token: 1500ms, target: 99% }
  - name: bulk           # first_token: 9s
"""

    def test_finds_what_the_bench_needs(self):
        self.assertEqual(policy.first_token_slos(self.text), {"direct": 1.5})
        self.assertEqual(policy.slots(self.text), 24)
        self.assertEqual(policy.slots("capacity: { requests: 8 }"), 8)
        self.assertIsNone(policy.slots("capacity: { requests: { learn: true } }"))


class HaproxyConfig(unittest.TestCase):
    def test_classes_are_ranked_by_their_keys_and_the_capacity_is_the_limit(self):
        text = rig.haproxy_config(1, 2, 16, ["top", "low"], 2.5)
        self.assertIn('set-priority-class int(0) if { req.hdr(authorization) -m str "Bearer top" }', text)
        self.assertIn('set-priority-class int(100) if { req.hdr(authorization) -m str "Bearer low" }', text)
        self.assertIn("127.0.0.1:2 maxconn 16", text)
        self.assertIn("timeout queue 2500ms", text)


if __name__ == "__main__":
    unittest.main()

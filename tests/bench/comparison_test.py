"""Rounds and tables of bench/throughput, on figures made up for it."""

import contextlib
import io
import unittest

from weirbench.comparison import Section, Table, interleaved


class Rounds(unittest.TestCase):
    def measured(self, names, rounds):
        order = []
        with contextlib.redirect_stderr(io.StringIO()):
            results = interleaved(names, rounds, lambda name: order.append(name) or len(order), "test")
        return order, results

    def test_each_contestant_comes_first_in_turn(self):
        order, results = self.measured(["A", "B", "C"], 4)
        self.assertEqual("".join(order), "ABC" "BCA" "CAB" "ABC")
        self.assertEqual({name: len(found) for name, found in results.items()}, {"A": 4, "B": 4, "C": 4})

    def test_results_keep_the_order_of_their_rounds(self):
        self.assertEqual(self.measured(["A", "B"], 3)[1], {"A": [1, 4, 5], "B": [2, 3, 6]})


class Tables(unittest.TestCase):
    def table(self, **rounds):
        return Table({name: [{"cost": value} for value in values] for name, values in rounds.items()})

    def test_a_ratio_is_the_median_of_those_within_a_round(self):
        # The machine was ten times slower in the last rounds: the ratio of the medians would be 0.1 and 10.
        table = self.table(Weir=[1, 1, 1, 20, 20], HAProxy=[2, 2, 10, 40, 40])
        table.add_ratio("HAProxy", "cost")
        self.assertEqual(table.rows, [["Weir", "0.50"], ["HAProxy", "1.00"]])

    def test_without_the_other_there_is_no_ratio(self):
        table = self.table(Weir=[1])
        table.add_ratio("HAProxy", "cost")
        self.assertEqual((table.header, table.rows), (["", "x HAProxy"], [["Weir", "-"]]))

    def test_a_round_in_which_the_other_did_nothing_has_no_ratio(self):
        table = self.table(Weir=[1, 3], HAProxy=[0, 2])
        table.add_ratio("HAProxy", "cost")
        self.assertEqual(table.rows[0], ["Weir", "1.50"])

    def test_medians_are_shown_with_the_smallest_and_largest(self):
        table = self.table(Weir=[3, 1, 2])
        table.add_with_spread("us", "cost")
        table.add("sum", "cost", of=sum)
        self.assertEqual(table.rows, [["Weir", "2.00 [1.00..3.00]", "6"]])

    def test_a_section_is_a_heading_a_note_and_a_table(self):
        section = Section("GET", "64 connections.", ["", "us"], [["Weir", "2"]])
        self.assertEqual(section.markdown(), "## GET\n\n64 connections.\n\n|  | us |\n| --- | --- |\n| Weir | 2 |")


if __name__ == "__main__":
    unittest.main()

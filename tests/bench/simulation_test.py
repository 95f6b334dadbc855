import json
import math
import tempfile
import unittest
from pathlib import Path

from weirbench import measures, scenarios, simulation_report, simulator, stats, trace, tuning


def entry(good=100, offered=100, served=None, calm_good=100, p99=0.1, calm_p99=0.1, clients=(10, 0, 0), recovery=0):
    """One class of one run, as the simulator reports it."""
    served = good if served is None else served
    return {"surge": {"offered": offered, "served": served, "good": good, "goodput": good / offered, "first_token_p99_s": p99,
                      "computed_tokens": 1000, "wasted_tokens": 1000 - 10 * good},
            "calm": {"goodput": calm_good / offered, "first_token_p99_s": calm_p99},
            "kept": good / calm_good, "recovery_s": recovery, "clients": dict(zip(("whole", "partly", "not"), clients)),
            "good_by_second": [0] * 60 + [1] * 60, "calm_good_by_second": [0] * 60 + [2] * 60}


def run(**direct):
    return {"": {}, "direct": entry(**direct), "siri-bulk": entry(good=20, served=20, clients=(1, 3, 6))}


class FakeSimulator(simulator.Simulator):
    """Answers without a program: the rule's first setting decides how well direct users do."""

    def __init__(self, directory, policy="text: 1\n"):
        path = Path(directory) / "policy.yaml"
        path.write_text(policy)
        super().__init__("weir", path, directory, jobs=2)
        self.commands = []

    def capacity(self, mix, preset=None, sigma=None):
        return 10.0

    def run(self, policy, *words, preset=None):
        words = [str(word) for word in words]
        self.commands.append(words)
        names = [words[words.index("--controller") + 1]]
        if "--compare" in words:
            names += words[words.index("--compare") + 1].replace(",x:", " x:").split()
        return {"scenarios": [{"controller": name, "classes": [
            {"class": "direct"} | entry(good=int(name.split("=")[1].split(",")[0]))]} for name in names]}


class Measures(unittest.TestCase):
    def test_each_measure_reads_what_its_heading_says(self):
        values = {measure.head: measure.of(run(good=90, p99=0.3, recovery=None), 120) for measure in measures.STANDARD}
        expected = {
            "direct: good %": 90, "kept %": 90, "kept in the first 10 s %": 50, "p99 first token, s": 0.3,
            "times the calm p99": 0.3 / 0.1, "recovery, s": None, "bulk: served %": 20, "clients partly %": 30,
            "good work, % of capacity": 100 * 110 / 120, "wasted work %": 100 * (100 + 800) / 2000}
        self.assertEqual(list(values), list(expected))
        for head, value in expected.items():
            self.assertAlmostEqual(values[head], value, msg=head) if value is not None else self.assertIsNone(values[head])

    def with_first_tokens(self, surge, calm):
        own = run()
        own["direct"] |= {"first_tokens_s": sorted(surge), "calm_first_tokens_s": sorted(calm)}
        return own

    def test_a_p99_is_of_all_seeds_together(self):
        fast, slow = ([0.1 * (1 + i / 1000) for i in range(1000)] for _ in range(2))
        slow[-50:] = [1.0] * 50
        runs = [self.with_first_tokens(fast, fast), self.with_first_tokens(slow, fast)]
        both = sorted(fast + slow)
        pooled = measures.P99.pooled(runs)
        self.assertEqual(pooled.value, both[math.ceil(0.99 * len(both)) - 1])
        self.assertEqual(pooled.count, 2000)
        self.assertLess(pooled.low, 0.3)
        self.assertEqual(pooled.high, 1.0)
        self.assertAlmostEqual(measures.SLOWDOWN.pooled(runs).value, 1.0 / 0.199, places=1)

    def test_a_p99_of_few_requests_says_so(self):
        runs = [self.with_first_tokens([0.1] * 500, [0.1] * 400)] * 3
        self.assertIn("1.00 [1.00..1.00, of 1200]", simulation_report.value_cells(measures.SLOWDOWN, runs, 1))
        self.assertIn("0.10 [0.10..0.10, of 1500]", simulation_report.value_cells(measures.P99, runs, 1))
        self.assertIsNone(measures.P99.pooled([run()]))

    def test_an_unknown_value_is_no_number(self):
        silent = run(p99=None)
        del silent["direct"]["calm"]
        self.assertIsNone(measures.SLOWDOWN.of(silent, 1))

    def test_a_cell_is_a_mean_with_its_interval(self):
        self.assertEqual(measures.cell([1, 2, 3]), "2.00 ± 2.48")
        self.assertEqual(measures.cell([1]), "1.00")
        self.assertEqual(measures.cell([None, None]), "-")
        self.assertEqual(measures.cell([None, None], never="not seen"), "not seen")
        self.assertEqual(measures.cell([1, None, 1], never="not seen"), "1.00 ± 0.00 (not seen in 1 of 3)")

    def test_intervals_are_students(self):
        self.assertAlmostEqual(stats.half_width([0, 1]), 12.706 * math.sqrt(0.5) / math.sqrt(2), places=3)
        self.assertAlmostEqual(stats.half_width(list(range(100))), 1.96 * 29.0115 / 10, places=3)


class Tuning(unittest.TestCase):
    def test_every_rule_has_the_same_budget(self):
        for name, grid in tuning.GRIDS.items():
            settings = tuning.settings_of(grid)
            self.assertEqual(len(set(settings)), tuning.BUDGET, name)

    def test_its_seeds_are_not_the_published_ones(self):
        self.assertTrue(all(seed > 100 for seed in tuning.SEEDS))

    def test_direct_users_come_before_all_work_and_the_calm_counts(self):
        case = simulator.Case()
        classes = {name: of for name, of in run().items() if name}
        good = tuning.score(case, 2, classes)
        self.assertAlmostEqual(good, 1 + 0.05 * 120 / 120)
        classes["direct"]["calm"]["goodput"] = 0.5
        self.assertAlmostEqual(tuning.score(case, 2, classes), good - 0.5)

    def test_the_best_of_the_grid_is_chosen_and_written_for_each_mix(self):
        with tempfile.TemporaryDirectory() as folder:
            sim = FakeSimulator(folder)
            tuned = tuning.tune(sim, {"x": {"a": [10, 90, 40]}}, ["short"], [101])
            self.assertEqual(tuned["short"]["x"]["settings"], "a=90")
            self.assertEqual(len(tuned["short"]["x"]["of"]), 3)
            path = Path(folder) / "tuned.json"
            tuning.write(tuned, path)
            self.assertEqual(json.loads(path.read_text())["command"], "bench/simulation --tune")
            self.assertEqual(tuning.controllers("short", path), ["none", "x:a=90"])

    def test_the_committed_settings_were_made_from_these_grids(self):
        tuned = json.loads(tuning.FILE.read_text())["mixes"]
        self.assertEqual(set(tuned), set(simulator.MIXES))
        for mix in tuned.values():
            self.assertEqual({name: set(of["of"]) for name, of in mix.items()},
                             {name: set(tuning.settings_of(grid)) for name, grid in tuning.GRIDS.items()})


class Cases(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.sim = FakeSimulator(self._folder.name, "classes:\n  - name: batch\n    - name: batch\n")

    def test_a_surge_comes_on_top_in_multiples_of_the_capacity(self):
        self.sim.play(simulator.Case(surges=(("siri-bulk", 2.0),)), 1, ["x:a=1"])
        words = self.sim.commands[-1]
        self.assertIn("siri-bulk=21x@60s+60s", words)  # a tenth of the capacity, and twenty more
        self.assertNotIn("--compare", words)

    def test_a_whale_is_one_client_in_a_file_of_its_own(self):
        self.sim.play(simulator.Case(whale="siri-bulk"), 1, ["x:a=1", "x:a=2"])
        words = self.sim.commands[-1]
        clients = {request.client for request in trace.read(words[1])}
        self.assertEqual(clients, {"whale"})
        self.assertEqual(words[words.index("--baseline") + 1], words[0])
        self.assertEqual(words[words.index("--compare") + 1], "x:a=2")

    def test_the_same_seed_has_the_same_trace_whatever_surges(self):
        one, other = simulator.Case(), simulator.Case(surges=())
        self.assertEqual(self.sim.calm_trace(one, 3), self.sim.calm_trace(other, 3))
        self.assertNotEqual(self.sim.calm_trace(one, 3), self.sim.calm_trace(one, 4))
        self.assertNotEqual(self.sim.calm_trace(one, 3), self.sim.calm_trace(one._replace(endpoints=2), 3))

    def test_the_capacity_is_what_the_second_half_of_a_backlog_takes(self):
        lengths = iter([100.0, 60.0])  # of the whole, of its half
        sim = FakeSimulator(self._folder.name)
        sim.run = lambda *_, preset: {"scenarios": [{"length_s": next(lengths)}]}
        whole = sum(1 for _ in trace.generate(0, 200, 40, {"siri-bulk": 1}, lengths={"siri-bulk": simulator.MIXES["short"]}))
        self.assertAlmostEqual(simulator.Simulator.capacity(sim, "short"), (whole - whole // 2) / 40)

    def test_a_policy_is_changed_in_the_right_place_or_not_at_all(self):
        text = self.sim.policy_file(((r"(\n  - name: batch\n)", r"\1    guarantee: 5%\n"),)).read_text()
        self.assertEqual(text, "classes:\n  - name: batch\n    guarantee: 5%\n    - name: batch\n")
        with self.assertRaisesRegex(ValueError, "nothing like"):
            self.sim.policy_file((("absent", ""),))

    def test_a_failure_of_one_run_is_the_failure_of_all(self):
        def fail(number):
            raise RuntimeError(f"run {number}")
        with self.assertRaisesRegex(RuntimeError, "run 1"):
            self.sim.map(fail, [(1,), (2,)])


class Report(unittest.TestCase):
    def test_a_matrix_has_cases_across_in_their_order(self):
        group = scenarios.groups(factors=[2, 10], mixes=["short"])[0]
        runs = {"10x": {"weir": [run()], "cap": [run(good=50)]}, "2x": {"weir": [run()], "cap": [run(good=60)]}}
        text = "\n".join(simulation_report.section(group, runs, {"2x": 600.0, "10x": 600.0}))
        self.assertIn("Capacity 10.0 requests/s", text)
        self.assertIn("**direct: good %**\n\n|  | 2x | 10x |\n| --- | --- | --- |\n| weir | 100.00 | 100.00 |\n| cap | 60.00 | 50.00 |",
                      text)

    def test_goals_are_compared_with_the_worst_case_and_the_best_rival(self):
        goal = simulation_report.Goal("kept", "Surges", measures.KEPT, 99)
        recovery = simulation_report.Goal("recovery", "Surges", measures.RECOVERY, 5, at_most=True)
        runs = {"Surges, short": {"2x": {"weir": [run()], "cap": [run(good=10)], "haproxy": [run(good=99)]},
                                  "10x": {"weir": [run(good=98, recovery=None)], "cap": [run(good=60)], "haproxy": [run(good=70)]}}}
        saturated = {"Surges, short": {"2x": 10, "10x": 10}}
        self.assertEqual(goal.row(runs, saturated, ["cap", "haproxy"]),
                         ["kept", "at least 99", "98.00", "Surges, short: 10x", "**no**", "70.00 (haproxy)"])
        self.assertEqual(recovery.row(runs, saturated, ["cap"]),
                         ["recovery", "at most 5", "not seen", "Surges, short: 10x", "**no**", "0.00 (cap)"])
        del runs["Surges, short"]["10x"]
        self.assertEqual(goal.row(runs, saturated, [])[4:], ["yes", "-"])
        self.assertIsNone(goal.row({}, {}, []))

    def test_only_significant_losses_are_reported(self):
        group = scenarios.Group("t", "", {"10x": simulator.Case()}, [measures.KEPT, measures.P99])
        runs = {"10x": {"weir": [run(), run()]}, "10x, without headroom": {"weir": [run(good=50), run(good=52)]},
                "10x, without retry": {"weir": [run(good=60), run(good=100)]}, "10x, without over": {"weir": [run(), run()]}}
        self.assertEqual(simulation_report.what_breaks(group, runs, {"10x": 10}, ["headroom", "retry", "over", "absent"]),
                         ["- without **headroom**, 10x: kept % 100.00 -> 51.00"])

    def test_every_goal_has_its_scenario(self):
        titles = [group.title for group in scenarios.groups()]
        for goal in scenarios.GOALS:
            self.assertTrue(any(goal.title in title for title in titles), goal.text)


if __name__ == "__main__":
    unittest.main()

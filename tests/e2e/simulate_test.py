"""weir simulate: the binary on traces that bench/make_trace makes from a seed."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support.process import BINARY, ROOT, run_weir

QUICKSTART = ROOT / "config/quickstart.yaml"
HEADER = "arrival_s,prompt_tokens,output_tokens,class,client\n"
SURGE = ("--surge", "siri-bulk=100x@20s+30s")  # of a tenth of the capacity: ten times the capacity


class SimulateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="weir-simulate-")
        cls.folder = Path(cls._folder.name)
        cls.day = cls.folder / "day.csv"
        subprocess.run([sys.executable, ROOT / "bench/make_trace", "--capacity", "22", "--load", "direct=0.8",
                        "--load", "siri-bulk=0.1", "--seconds", "70", "--seed", "7", "--out", cls.day],
                       check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def write(self, text, name="trace.csv"):
        path = self.folder / name
        path.write_text(text)
        return path

    def result(self, *arguments):
        code, out, err = run_weir("simulate", QUICKSTART, *arguments, "--format", "json")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def classes(self, result, controller="weir"):
        scenario = next(entry for entry in result["scenarios"] if entry["controller"] == controller)
        return {entry["class"]: entry for entry in scenario["classes"]}


class Degrade(SimulateTest):
    def test_short_answers_replace_refusals_and_the_report_says_what_that_gained(self):
        surge = ("--preset", "small-gpu", "--surge", "siri-bulk=20x@20s+30s")
        code, out, err = run_weir("simulate", ROOT / "config/degrade.yaml", self.day, *surge, "--format", "json")
        self.assertEqual((code, err), (0, ""))
        result = json.loads(out)
        self.assertEqual([entry["controller"] for entry in result["scenarios"]], ["weir", "weir without degrade"])
        bulk, without = (self.classes(result, name)["siri-bulk"]["surge"] for name in ("weir", "weir without degrade"))
        self.assertGreater(bulk["degraded"], 0.8 * bulk["served"])
        self.assertEqual(without["degraded"], 0)
        self.assertGreater(bulk["good"], 1.5 * without["good"])
        self.assertLess(bulk["refused"], 0.5 * without["refused"])
        direct = self.classes(result)["direct"]
        self.assertEqual(direct["surge"]["degraded"], 0)
        self.assertGreaterEqual(direct["kept"], 0.99)
        _, text, _ = run_weir("simulate", ROOT / "config/degrade.yaml", self.day, *surge)
        self.assertRegex(text, r"siri-bulk: \d+ of \d+ answers were cheaper; \d+ good answers instead of \d+ \(\+")
        _, plain, _ = run_weir("simulate", QUICKSTART, self.day, *surge)
        self.assertNotIn("degraded", plain)


class Surge(SimulateTest):
    def test_direct_users_keep_their_service_with_weir_and_lose_it_with_nothing(self):
        result = self.result(self.day, *SURGE, "--compare", "none,cap,haproxy")
        direct = self.classes(result)["direct"]
        self.assertGreaterEqual(direct["surge"]["goodput"], 0.99)
        self.assertGreaterEqual(direct["kept"], 0.99)
        self.assertEqual(direct["surge"]["failed"], 0)
        self.assertLessEqual(direct["recovery_s"], 5)
        self.assertLess(self.classes(result, "none")["direct"]["surge"]["goodput"], 0.3)
        self.assertEqual([entry["controller"] for entry in result["scenarios"]], ["weir", "none", "cap", "haproxy"])
        self.assertEqual(result["window"], {"from_s": 20, "to_s": 50, "what": "in the surge"})
        # The bulk class is refused for the reasons that the proxy would name.
        bulk = self.classes(result)["siri-bulk"]["surge"]
        self.assertGreater(bulk["unserved_by_reason"]["queue_full"], 0)
        self.assertEqual(bulk["offered"], bulk["served"] + bulk["refused"] + bulk["failed"])

    def test_the_same_seed_gives_the_same_bytes(self):
        first = run_weir("simulate", QUICKSTART, self.day, *SURGE, "--seed", 3)
        self.assertEqual(first, run_weir("simulate", QUICKSTART, self.day, *SURGE, "--seed", 3))
        self.assertEqual(first[0], 0)
        self.assertNotEqual(first[1], run_weir("simulate", QUICKSTART, self.day, *SURGE, "--seed", 4)[1])

    def test_a_recorded_surge_is_compared_with_a_baseline(self):
        rows = self.day.read_text().splitlines()
        burst = [f"{30 + i / 200:.3f},100,24,siri-bulk,burst-{i}" for i in range(2000)]
        result = self.result(self.write("\n".join([*rows, *burst]) + "\n"), "--baseline", self.day)
        self.assertEqual(result["window"], {"from_s": 30, "to_s": 40, "what": "in the surge"})
        self.assertGreaterEqual(self.classes(result)["direct"]["kept"], 0.99)

    def test_an_option_takes_one_value_and_the_rest_are_traces(self):
        code, out, err = run_weir("simulate", *SURGE, QUICKSTART, self.day, self.day)
        self.assertEqual((code, err), (0, ""))
        both = [json.loads(run_weir("simulate", QUICKSTART, *traces, "--format", "json")[1])
                for traces in ((self.day,), (self.day, self.day))]
        once, twice = (self.classes(result)["direct"]["whole"]["offered"] for result in both)
        self.assertEqual(twice, 2 * once)

    def test_the_table_names_each_class_and_why_it_was_refused(self):
        code, out, err = run_weir("simulate", QUICKSTART, self.day, *SURGE)
        self.assertEqual((code, err), (0, ""))
        for word in ("direct", "siri-bulk", "first token p50", "the surge, from 20 s to 50 s", "queue_full"):
            self.assertIn(word, out)
        self.assertNotIn("anonymous", out)

    def test_rules_take_settings_and_are_distinguished_by_them(self):
        result = self.result(self.day, *SURGE, "--controller", "cap:slots=0.5", "--compare",
                             "haproxy:timeout=5,slots=0.9,haproxy,oracle")
        names = [entry["controller"] for entry in result["scenarios"]]
        self.assertEqual(names, ["cap:slots=0.5", "haproxy:timeout=5,slots=0.9", "haproxy", "oracle"])
        kept = {name: self.classes(result, name)["direct"]["kept"] for name in names}
        self.assertLess(kept["cap:slots=0.5"], 0.5)
        self.assertGreaterEqual(kept["oracle"], 0.99)

    def test_the_others_survive_a_lost_endpoint(self):
        result = self.result(self.day, "--endpoints", "2", "--lose", "2@20s+20s")
        self.assertEqual(result["window"], {"from_s": 20, "to_s": 40, "what": "while an endpoint was lost"})
        lost = self.classes(result)["direct"]
        self.assertGreaterEqual(lost["whole"]["goodput"], 0.98)
        self.assertLess(lost["whole"]["goodput"], 1)
        # Its calm twin has both all the time.
        self.assertEqual(lost["calm"]["goodput"], 1)
        self.assertEqual(sum(lost["calm_good_by_second"]), lost["whole"]["offered"])
        self.assertLess(sum(lost["good_by_second"]), lost["whole"]["offered"])

    def test_policies_are_compared_on_the_same_traces(self):
        other = self.write(QUICKSTART.read_text().replace("queue: 16", "queue: 64"), "longer.yaml")
        result = self.result(self.day, *SURGE, "--policy", other, "--compare", "none")
        self.assertEqual([entry["name"] for entry in result["scenarios"]],
                         ["quickstart", "quickstart, none", "longer", "longer, none"])
        shorter, longer = (entry for entry in result["scenarios"] if entry["controller"] == "weir")
        waits = [next(cls["surge"]["first_token_p50_s"] for cls in entry["classes"] if cls["class"] == "siri-bulk")
                 for entry in (shorter, longer)]
        self.assertNotEqual(*waits)
        nones = [entry["classes"] for entry in result["scenarios"] if entry["controller"] == "none"]
        self.assertEqual(*nones)

    def test_the_page_has_the_tables_the_plots_and_the_command(self):
        page = self.folder / "report.html"
        code, _, err = run_weir("simulate", QUICKSTART, self.day, *SURGE, "--compare", "none", "--report", page)
        self.assertEqual((code, err), (0, ""))
        text = page.read_text()
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1))
        self.assertEqual(data["command"], f"weir simulate {QUICKSTART} {self.day} {' '.join(SURGE)} --compare none "
                                          f"--report {page}")
        self.assertEqual([cls["name"] for cls in data["classes"]], ["siri-bulk", "direct"])
        self.assertEqual(data["classes"][1]["slo_s"], 2)
        for scenario in data["scenarios"]:
            line = scenario["timeline"]
            self.assertEqual(sum(line["classes"][0]["offered"]), scenario["classes"][0]["whole"]["offered"])
            self.assertEqual(len(line["classes"][0]["offered"]), len(line["inflight"]))
        self.assertIn("nowhere", self.refused_report())

    def refused_report(self):
        code, _, err = run_weir("simulate", QUICKSTART, self.day, "--report", "/nowhere/report.html")
        self.assertEqual(code, 1)
        return err

    def test_parts_of_the_engine_can_be_changed(self):
        usual = self.classes(self.result(self.day))["direct"]["whole"]
        slow = self.classes(self.result(self.day, "--engine", "fixed=24ms,per_sequence=1ms"))["direct"]["whole"]
        self.assertGreater(slow["first_token_p50_s"], 1.5 * usual["first_token_p50_s"])
        code, _, err = run_weir("simulate", QUICKSTART, self.day, "--engine", "slots=4")
        self.assertEqual(code, 1)
        self.assertIn("an engine has max_num_seqs", err)

    def test_every_first_token_can_be_had(self):
        direct = self.classes(self.result(self.day, *SURGE, "--first-tokens"))["direct"]
        self.assertEqual(len(direct["first_tokens_s"]), direct["surge"]["served"])
        self.assertEqual(len(direct["calm_first_tokens_s"]), direct["calm"]["served"])
        self.assertEqual(direct["first_tokens_s"], sorted(direct["first_tokens_s"]))
        self.assertNotIn("first_tokens_s", self.classes(self.result(self.day, *SURGE))["direct"])

    def test_limits_can_be_told_wrong(self):
        bulk = [self.classes(self.result(self.day, *SURGE, *told))["siri-bulk"]["surge"]["served"]
                for told in ((), ("--told", "requests=0.5"))]
        self.assertLess(bulk[1], 0.8 * bulk[0])
        code, _, err = run_weir("simulate", QUICKSTART, self.day, "--told", "slots=2")
        self.assertEqual(code, 1)
        self.assertIn("write requests=2", err)

    def test_noise_is_there_unless_it_is_taken_away(self):
        words = ("--estimate-error", "0", "--engine", "step_noise=0")
        exact, noisy = (self.classes(self.result(self.day, *own))["direct"]["whole"] for own in (words, ()))
        self.assertNotEqual(exact["first_token_p99_s"], noisy["first_token_p99_s"])

    def test_slow_engines_show(self):
        usual = self.classes(self.result(self.day))["direct"]["whole"]
        slow = self.classes(self.result(self.day, "--slow", "0.5@0s+70s"))["direct"]["whole"]
        self.assertGreater(slow["first_token_p50_s"], 1.5 * usual["first_token_p50_s"])


class PrefixCaches(SimulateTest):
    def test_a_policy_with_affinity_finds_more_in_the_caches_than_one_without(self):
        talk = self.folder / "talk.csv"
        subprocess.run([sys.executable, ROOT / "bench/make_trace", "--load", "siri-bulk=0", "--conversations", "direct=1",
                        "--seconds", "60", "--out", talk], check=True, capture_output=True)
        text = (ROOT / "bench/simulation.yaml").read_text()
        policies = [self.write(text.replace("    capacity:", f"    balance: {balance}\n    capacity:"), f"{balance}.yaml")
                    for balance in ("most_room", "prefix_affinity")]
        words = ("simulate", policies[0], talk, "--policy", policies[1], "--endpoints", 4, "--preset", "h100-8b")
        code, out, err = run_weir(*words, "--format", "json")
        self.assertEqual((code, err), (0, ""))
        room, affinity = (entry["prefixes"] for entry in json.loads(out)["scenarios"])
        self.assertEqual(room["prompt_tokens"], affinity["prompt_tokens"])
        self.assertLess(room["cached_tokens"], 0.7 * room["cacheable_tokens"])
        self.assertGreater(affinity["cached_tokens"], 0.8 * affinity["cacheable_tokens"])
        self.assertIn("Prefix caches, over the whole trace:", run_weir(*words)[1])
        self.assertNotIn("Prefix caches", run_weir("simulate", QUICKSTART, self.day)[1])


class Bench(SimulateTest):
    def bench(self, *arguments):
        done = subprocess.run([sys.executable, ROOT / "bench/simulation", "--weir", BINARY, *arguments], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_scenario_becomes_a_table(self):
        text = self.bench("--seeds", "1", "--only", "One client", "--controllers", "weir", "cap:slots=0.5")
        for words in ("# Surges in simulation", "## Goals", "bulk's other clients", "| whale | weir |", "| whale | cap |"):
            self.assertIn(words, text)

    def test_a_recorded_trace_is_played_with_the_same_rules(self):
        text = self.bench("--trace", self.day, "--surge", "siri-bulk=10x@20s+10s", "--controllers", "weir", "none")
        self.assertIn("| siri-bulk | none |", text)
        self.assertIn("kept %", text)


class Mistakes(SimulateTest):
    def refused(self, *arguments, code=1):
        result = run_weir("simulate", *arguments)
        self.assertEqual(result[:2], (code, ""), result)
        return result[2]

    def test_a_bad_line_is_named_by_file_and_number(self):
        trace = self.write(HEADER + "0.5,100,24,direct,a\n0.7,many,24,direct,a\n")
        self.assertIn(f"{trace}:3: 'many' is not a count of tokens", self.refused(QUICKSTART, trace))

    def test_an_unknown_class_is_shown_with_the_known_ones(self):
        trace = self.write(HEADER + "0.5,100,24,direct,a\n0.7,100,24,siri-bulkk,a\n")
        error = self.refused(QUICKSTART, trace)
        for word in ("'siri-bulkk'", "'siri-bulk', 'direct', 'anonymous'", "did you mean 'siri-bulk'?",
                     "'direct', 'siri-bulkk'", "--class siri-bulkk=siri-bulk"):
            self.assertIn(word, error)
        result = self.result(trace, "--class", "siri-bulkk=siri-bulk")
        self.assertEqual(self.classes(result)["siri-bulk"]["whole"]["served"], 1)
        self.assertIn("did you mean 'direct'?", self.refused(QUICKSTART, trace, "--class", "siri-bulkk=dirct"))
        self.assertIn("the trace's classes are", self.refused(QUICKSTART, trace, "--class", "siri=direct"))

    def test_a_file_that_cannot_be_read_is_named(self):
        self.assertIn("/nowhere.csv", self.refused(QUICKSTART, "/nowhere.csv"))
        self.assertIn("/nowhere.yaml", self.refused("/nowhere.yaml", self.day))
        self.assertIn("no requests", self.refused(QUICKSTART, self.write(HEADER)))

    def test_words_that_are_misspelt_are_errors_that_show_the_right_form(self):
        for option, word, form in (("--surge", "siri-bulk=10x", "CLASS=10x@120s+60s"),
                                   ("--surge", "siri=10x@1s+1s", "its classes are"),
                                   ("--lose", "3@1s+1s", "a number from 1 to 1"), ("--lose", "1", "ENDPOINT@60s+30s"),
                                   ("--slow", "half@1s+1s", "0.5@60s+30s"), ("--slow", "0@1s+1s", "0.5@60s+30s")):
            with self.subTest(option=option, word=word):
                self.assertIn(form, self.refused(QUICKSTART, self.day, option, word))
        self.assertIn("none of weir, none", self.refused(QUICKSTART, self.day, "--compare", "soothsayer", code=2))
        self.assertIn("its settings are slots, timeout",
                      self.refused(QUICKSTART, self.day, "--controller", "haproxy:queue_timeout=3", code=2))
        self.assertIn("TRACE", self.refused(QUICKSTART, code=2))

    def test_the_help_shows_how_to_begin(self):
        code, out, _ = run_weir("simulate", "--help")
        self.assertEqual(code, 0)
        for word in ("bench/make_trace", "--surge", "--compare", "Exit codes"):
            self.assertIn(word, out)


if __name__ == "__main__":
    unittest.main()

"""bench/backends, faults, soak and throughput with tiny numbers: they run to their end, and report figures of real requests.

Whether Weir meets their goals is not checked here: that takes large numbers and a quiet machine."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[3] / "bench"
WEIR = os.environ["WEIR_BINARY"]
LOADGEN = os.environ["BENCH_LOADGEN"]


def numbers(cell):
    return [float(number) for number in re.findall(r"[\d.]+", cell)]


class BenchTest(unittest.TestCase):
    def run_bench(self, name, *arguments, printed=True, loadgen=True):
        """What it wrote to its report; exit code 1 is a verdict, not a failure. `printed`: the report is its output as well.
        `loadgen`: it takes the path of the load generator."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        report = Path(folder) / "report.md"
        programs = ["--weir", WEIR, *(["--loadgen", LOADGEN] if loadgen else [])]
        done = subprocess.run([sys.executable, BENCH / name, *programs, "--out", report, *map(str, arguments)],
                              capture_output=True, text=True, timeout=120)
        self.assertTrue(report.exists(), done.stdout + done.stderr)
        self.assertIn(done.returncode, (0, 1))
        text = report.read_text()
        if printed:
            self.assertTrue(done.stdout.rstrip().endswith(text.rstrip().splitlines()[-1]), "another report than it printed")
        return text

    def rows(self, text):
        """The cells of its tables, without their heads."""
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        return [rows[i] for i in range(len(rows)) if i >= 2 and "---" not in rows[i][0] and "---" not in rows[min(i + 1, len(rows) - 1)][0]]

    def topic(self, name, *arguments):
        """The rows of a topic of bench/backends that ran for a second."""
        text = self.run_bench("backends", "--only", name, "--seconds", 1, *arguments, loadgen=False)
        self.assertIn(f"## {name.capitalize()}\n", text)
        self.assertIn(f"Command: `bench/backends --only {name}", text)
        return self.rows(text)


class Crowds(BenchTest):
    def test_crowds_stand_beside_clients_that_are_served(self):
        text = self.run_bench("faults", "--only", "heads", "--only", "bodies", "--only", "readers", "--heads", 20, "--bodies", 20,
                              "--readers", 10, "--seconds", 0.2, "--rounds", 1, "--settle", 0.3)
        rows = self.rows(text)
        self.assertEqual([row[0] for row in rows], ["20 slow heads", "20 slow bodies", "10 readers that never read"])
        for row, slots in zip(rows, ("0", "0", "10")):
            crowd, still_open, memory, without, beside, _, held, _ = row
            self.assertEqual((still_open, held), (crowd.split()[0], slots), row)
            # Each of these is of answered requests: none is answered within a microsecond.
            self.assertGreater(min(numbers(without) + numbers(beside)), 1, row)
            self.assertRegex(memory, r"^-?\d+\.\d\d KiB$")


class Recovery(BenchTest):
    def test_a_backend_that_was_slow_is_used_again(self):
        (row,) = self.rows(self.run_bench("faults", "--only", "recovery", "--calm", 3, "--slow", 4, "--after", 5))
        calm, slow = numbers(row[0])[0], numbers(row[1])[0]
        # 190 a second are asked for; a busy machine may not reach that.
        self.assertGreater(calm, 20, row)
        self.assertLess(calm, 230, row)
        self.assertLess(slow, calm, row)


class Backends(BenchTest):
    def test_an_engine_that_was_killed_is_reported_beside_the_others(self):
        (row,) = self.topic("failures", "--case", "killed")
        self.assertEqual(row[0], "killed")
        self.assertGreater(numbers(row[1])[0], 20, row)
        # The engines take 50 ms and more: so both are of answered requests.
        self.assertGreater(min(numbers(row[7]) + numbers(row[8])), 50, row)

    def test_direct_users_are_counted_apart_from_bulk(self):
        (row,) = self.topic("lost")
        self.assertLess(numbers(row[1])[0], numbers(row[7])[0], row)
        self.assertGreater(numbers(row[2])[0], 20, row)


class Retries(BenchTest):
    def test_tries_are_counted_where_they_arrive(self):
        rows = self.topic("retries")
        self.assertEqual(len(rows), 3)
        # Without tries, the engines get what clients send.
        self.assertEqual(rows[0][1], rows[0][2])
        self.assertGreater(numbers(rows[1][3])[0], 1, rows)


class Discovery(BenchTest):
    def test_endpoints_that_appear_are_used(self):
        (row,) = self.topic("discovery")
        self.assertGreater(numbers(row[1])[0], 100, row)
        self.assertNotIn("never", row)


class Quota(BenchTest):
    def test_a_quota_is_measured_behind_both_gateways(self):
        rows = self.topic("quota")
        self.assertEqual([row[1] for row in rows], ["Weir", "cool-down"] * 2)
        for row in rows:
            self.assertGreater(numbers(row[2])[0], 0, row)
            self.assertGreater(numbers(row[5])[0], 0, row)


class Soak(BenchTest):
    def test_a_soak_reports_what_weir_counted(self):
        text = self.run_bench("soak", "--requests", 100, "--seconds", 0.2)
        found = re.search(r"([\d,]+) requests in \d+ s, (\d+) errors; Weir counted ([\d,]+)\. Descriptors (\d+) .* memory ([\d.]+)", text)
        self.assertTrue(found, text)
        done, errors, counted, descriptors = (int(part.replace(",", "")) for part in found.groups()[:4])
        self.assertGreaterEqual(done, 100)
        self.assertEqual(errors, 0, text)
        # Weir also counts what warmed it up.
        self.assertGreaterEqual(counted, done)
        self.assertGreater(descriptors, 5)
        self.assertGreater(float(found[5]), 1)

    def test_without_the_program_there_is_no_report(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        report = Path(folder) / "report.md"
        done = subprocess.run([sys.executable, BENCH / "soak", "--weir", Path(folder) / "none", "--out", report],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, report.exists()), (1, False))
        self.assertIn("does not exist", done.stderr)


class Throughput(BenchTest):
    def test_every_topic_is_measured_and_reported(self):
        text = self.run_bench("throughput", "--only", "Weir", "--rounds", 1, "--seconds", 0.3, "--scaling", 8, 40,
                              "--scaling-rounds", 1, "--idle", 50, printed=False)
        titles = ["GET", "POST", "POST, unread", "TLS, GET", "TLS, POST", "TLS, handshakes", "Active connections", "Idle connections"]
        self.assertEqual(re.findall("^## (.*)$", text, re.M), titles)
        for title, section in zip(titles, text.split("\n## ")[1:]):
            header, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line[:1] == "|"]
            self.assertEqual(len(rows), 2 if title == "Active connections" else 1, section)
            self.assertEqual(dict(zip(header, rows[-1])).get("errors", "0"), "0", section)
            self.assertIn("Weir", rows[-1])
        self.assertRegex(text, "TLSv1.3, TLS_AES_128_GCM_SHA256, [xX]25519")
        self.assertIn("Command: `bench/throughput --weir", text)

    def test_streams_are_measured_instead_where_they_are_asked_for(self):
        text = self.run_bench("throughput", "--sse", "--only", "Weir", "--rounds", 1, "--seconds", 0.5, "--streams", 20,
                              printed=False)
        (row,) = self.rows(text)
        self.assertEqual((row[0], row[6], row[8]), ("Weir", "20", "0"), row)


if __name__ == "__main__":
    unittest.main()

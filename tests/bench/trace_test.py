import io
import os
import tempfile
import unittest

from weirbench import trace


def made(seed=1, surges=(), **load):
    return trace.generate(seed, 600, 10, load, surges)


class Generate(unittest.TestCase):
    def test_the_same_seed_makes_the_same_trace(self):
        self.assertEqual(made(direct=0.5), made(direct=0.5))
        self.assertNotEqual(made(seed=1, direct=0.5), made(seed=2, direct=0.5))

    def test_a_surge_leaves_the_other_classes_requests_as_they_were(self):
        surged = made(surges=[trace.Surge("bulk", 10, 100, 50)], direct=0.5)
        self.assertEqual([r for r in surged if r.klass == "direct"], made(direct=0.5))

    def test_rates_are_multiples_of_the_capacity_at_the_right_time(self):
        surged = made(surges=[trace.Surge("bulk", 10, 100, 50)], direct=0.5, bulk=0.1)
        inside = [r for r in surged if r.klass == "bulk" and 100 <= r.arrival_s < 150]
        outside = [r for r in surged if r.klass == "bulk" and not 100 <= r.arrival_s < 150]
        direct = [r for r in surged if r.klass == "direct"]
        # five standard deviations of a Poisson count either way
        self.assertAlmostEqual(len(inside), 5050, delta=5 * 5050**0.5)
        self.assertAlmostEqual(len(outside), 550, delta=5 * 550**0.5)
        self.assertAlmostEqual(len(direct), 3000, delta=5 * 3000**0.5)

    def test_lengths_have_the_mean_that_was_asked_for(self):
        requests = trace.generate(3, 600, 20, {"a": 1}, (), {"a": trace.Lengths(300, 50, 0.5)})
        self.assertAlmostEqual(sum(r.prompt_tokens for r in requests) / len(requests), 300, delta=10)
        self.assertAlmostEqual(sum(r.output_tokens for r in requests) / len(requests), 50, delta=2)
        self.assertGreaterEqual(min(r.output_tokens for r in requests), 1)

    def test_bursts_keep_the_rate_and_are_as_irregular_as_was_asked_for(self):
        requests = trace.generate(1, 4000, 10, {"a": 0.5}, [trace.Surge("a", 1, 1000, 1000)], burstiness=3)
        outside = [r.arrival_s for r in requests if r.arrival_s >= 2000]
        inside = sum(1000 <= r.arrival_s < 2000 for r in requests)
        self.assertAlmostEqual(len(outside) / 2000, 5, delta=0.7)
        self.assertAlmostEqual(inside / 1000, 15, delta=1.7)
        gaps = [after - before for before, after in zip(outside, outside[1:])]
        mean = sum(gaps) / len(gaps)
        variation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 / mean
        self.assertAlmostEqual(variation, 3, delta=0.4)

    def test_arrivals_are_in_order(self):
        arrivals = [r.arrival_s for r in made(direct=0.5, bulk=0.5)]
        self.assertEqual(arrivals, sorted(arrivals))


class Conversations(unittest.TestCase):
    SHAPE = trace.Conversations(2, turns=5, think_s=4, system=100, systems=2)

    def made(self, seed=1):
        return trace.generate_conversations(seed, 300, "direct", self.SHAPE)

    def turns(self):
        by_name = {}
        for request in self.made():
            by_name.setdefault(request.conversation, []).append(request)
        return by_name

    def test_the_same_seed_makes_the_same_ones(self):
        self.assertEqual(self.made(), self.made())
        self.assertNotEqual(self.made(), self.made(seed=2))

    def test_each_turn_repeats_all_that_was_said_before(self):
        for turns in self.turns().values():
            for before, after in zip(turns, turns[1:]):
                self.assertGreater(after.prompt_tokens, before.prompt_tokens + before.output_tokens)
                self.assertGreater(after.arrival_s, before.arrival_s)
                self.assertEqual(after.prefix, before.prefix)

    def test_they_have_as_many_turns_and_begin_as_often_as_was_asked_for(self):
        turns = self.turns()
        self.assertAlmostEqual(len(self.made()) / 300, 2 * 5, delta=2)
        whole = [own for own in turns.values() if 30 < own[0].arrival_s < 150]
        self.assertAlmostEqual(sum(len(own) for own in whole) / len(whole), 5, delta=1)
        self.assertEqual(len({own[0].prefix for own in turns.values()}), 2)

    def test_the_load_does_not_rise_from_nothing(self):
        requests = self.made()
        first, last = (sum(start <= r.arrival_s < start + 60 for r in requests) for start in (0, 240))
        self.assertAlmostEqual(first / last, 1, delta=0.3)

    def test_a_written_one_reads_back(self):
        out = io.StringIO()
        trace.write(out, self.made())
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "talk.csv")
            with open(path, "w") as file:
                file.write(out.getvalue())
            self.assertEqual(trace.read(path), self.made())


class ParseSurge(unittest.TestCase):
    def test_reads_the_class_the_factor_the_start_and_the_length(self):
        self.assertEqual(trace.parse_surge("siri=2.5x@60s+120s"), trace.Surge("siri", 2.5, 60, 120))
        self.assertEqual(trace.parse_surge("10x@60+120"), trace.Surge("siri-bulk", 10, 60, 120))

    def test_the_error_shows_what_a_surge_looks_like(self):
        with self.assertRaisesRegex(ValueError, "10x@60s"):
            trace.parse_surge("ten times")


class File(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "trace.csv")
            with open(path, "w") as file:
                file.write(text)
            return trace.read(path)

    def test_a_written_trace_reads_back(self):
        requests = made(direct=0.1)
        out = io.StringIO()
        trace.write(out, requests)
        self.assertEqual(self.read(out.getvalue()), requests)

    def test_the_client_column_is_optional(self):
        self.assertEqual(self.read("arrival_s,prompt_tokens,output_tokens,class\n1.5,10,20,a\n"),
                         [trace.Request(1.5, 10, 20, "a")])

    def test_an_error_names_the_line(self):
        with self.assertRaisesRegex(ValueError, r"trace.csv:3: "):
            self.read("arrival_s,prompt_tokens,output_tokens,class\n1,2,3,a\n1,two,3,a\n")
        with self.assertRaisesRegex(ValueError, "lacks output_tokens"):
            self.read("arrival_s,prompt_tokens,class\n")

    def test_speed_divides_the_arrivals(self):
        self.assertEqual(trace.scaled([trace.Request(9, 1, 1, "a")], 3)[0].arrival_s, 3)


if __name__ == "__main__":
    unittest.main()

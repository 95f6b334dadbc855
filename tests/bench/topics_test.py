"""Who takes part in which topic of bench/throughput, and what is left out, on a machine that is made up."""

import contextlib
import io
import resource
import types
import unittest
from unittest import mock

from weirbench import topics

ROUND = {"cpu_us": 20.0, "rps": 40000, "p99_us": 2000.0, "p99_ms": 2.0, "busy": 0.98, "errors": 0, "settled": True}


class MadeUpBench:
    """Answers with the same round, but for contestants that do not settle above some number of connections."""

    def __init__(self, settles_up_to=None):
        self.settles_up_to = settles_up_to or {}
        self.asked = []

    def start(self, name, streaming=False, tls=None):
        return types.SimpleNamespace(name=name, process=contextlib.nullcontext())

    def requests(self, contestant, mode, connections, tls=None, path=None, close=False):
        self.asked.append((contestant.name, mode, connections))
        return ROUND | {"settled": connections <= self.settles_up_to.get(contestant.name, connections)}


class Topics(unittest.TestCase):
    def run_topic(self, topic, bench, descriptors=100000, **options):
        chosen = types.SimpleNamespace(only=["Weir", "HAProxy", "Portkey"], modes=["get", "post", "upload"], rounds=1, scaling_rounds=2,
                                       connections=64, body_bytes=2048, scaling=[64, 512, 4000], **options)
        bench.options = chosen
        with contextlib.redirect_stderr(io.StringIO()), \
                mock.patch.object(resource, "getrlimit", return_value=(descriptors, descriptors)):
            return list(topic(bench, chosen))

    def test_a_gateway_for_chat_completions_is_asked_for_nothing_else(self):
        bench = MadeUpBench()
        get, post, upload = self.run_topic(topics.requests, bench)
        self.assertEqual([row[0] for row in get.rows], ["Weir", "HAProxy"])
        self.assertEqual([row[0] for row in post.rows], ["Weir", "HAProxy", "Portkey"])
        self.assertEqual([row[0] for row in upload.rows], ["Weir", "HAProxy"])
        self.assertEqual([asked for asked in bench.asked if asked[0] == "Portkey"], [("Portkey", "post", 64)])

    def test_each_number_of_connections_has_a_row_for_each_contestant(self):
        (section,) = self.run_topic(topics.scaling, MadeUpBench())
        self.assertEqual([row[:2] for row in section.rows],
                         [[count, name] for count in ("64", "512", "4,000") for name in ("Weir", "HAProxy", "Portkey")])

    def test_what_the_machine_cannot_hold_is_left_out_with_a_word(self):
        bench = MadeUpBench()
        (section,) = self.run_topic(topics.scaling, bench, descriptors=4096)
        self.assertEqual({connections for _, _, connections in bench.asked}, {64, 512})
        self.assertIn("4,000 connections are left out: they take 8,200 descriptors, and a process may have 4,096 here.", section.note)

    def test_who_cannot_answer_all_is_measured_with_no_more(self):
        bench = MadeUpBench(settles_up_to={"Portkey": 64})
        (section,) = self.run_topic(topics.scaling, bench)
        self.assertEqual([row[0] for row in section.rows if row[1] == "Portkey"], ["64", "512"])
        self.assertEqual(len([row for row in section.rows if row[1] == "Weir"]), 3)
        self.assertIn("Portkey did not come round to each of 512 connections", section.note)


if __name__ == "__main__":
    unittest.main()

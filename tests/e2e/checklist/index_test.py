"""The checklist as a whole: every item has a test that is named after it, and each is where ctest finds it.

The items are those of RFC 9110 and RFC 9112 for an intermediary, of public advisories, and of the faults that a gateway
must outlive; `grep -rn 'def test_item_NN' tests/e2e` says what one of them demands.
"""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

ITEMS = {
    1: "length and encoding", 2: "lengths", 3: "encodings", 4: "lines and fields", 5: "HTTP/1.0 and encodings",
    6: "chunk sizes and extensions", 7: "trailers", 8: "bodies where none is usual", 9: "Host and target", 10: "sizes of heads",
    11: "what Connection names, and identity", 12: "hop by hop, loops, Max-Forwards", 13: "expectations", 14: "pipelining",
    15: "bodies of refused requests", 16: "early answers", 17: "upgrades", 18: "malformed answers", 19: "backends that die",
    20: "after the answer", 21: "event streams", 22: "backends that fail", 23: "pooled connections that close",
    24: "clients that leave", 25: "slow heads, slow bodies, readers that do not read", 26: "descriptors exhausted",
    27: "TLS: garbage, half-open, certificates that rotate", 28: "reloads under load", 29: "drain and restart",
    30: "clocks that jump, logs that block", 31: "exceptions and failed allocations", 32: "spoofed classes",
    33: "keys in no output", 34: "a long mixed load, and recovery", 35: "sanitizers and fuzzing",
}


def tests_by_item():
    found = {item: [] for item in ITEMS}
    for path in sorted((ROOT / "tests/e2e").rglob("*_test.py")):
        for item, name in re.findall(r"def test_item_(\d\d)_(\w+)", path.read_text()):
            found[int(item)].append(f"{path.stem}.{name}")
    return found


class Index(unittest.TestCase):
    def test_every_item_has_a_test_that_is_named_after_it(self):
        missing = [f"{item}: {ITEMS[item]}" for item, names in tests_by_item().items() if not names]
        self.assertEqual(missing, [])

    def test_item_35_every_parser_of_what_strangers_send_is_fuzzed(self):
        targets = set(re.findall(r"^weir_fuzz\((\w+)", (ROOT / "tests/fuzz/CMakeLists.txt").read_text(), re.M))
        self.assertLessEqual({"request_head", "response_head", "chunked_body", "forwarding", "policy"}, targets)
        for target in targets:
            self.assertTrue(any((ROOT / "tests/fuzz/seeds" / target).iterdir()), target)

    def test_every_file_of_the_folder_is_run(self):
        text = (ROOT / "tests/e2e/CMakeLists.txt").read_text()
        for path in Path(__file__).parent.glob("*_test.py"):
            self.assertIn(f"checklist/{path.stem.removesuffix('_test')}", text)


if __name__ == "__main__":
    for number, tests in tests_by_item().items():
        print(f"{number:2} {ITEMS[number]}: {len(tests)} tests")
    unittest.main()

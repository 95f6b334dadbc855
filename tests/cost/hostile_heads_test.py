"""Whatever a client can make long costs instructions in proportion to its bytes: twice the head, at most twice the cost.

A product of two lengths (members of a list times fields, pieces times what has come) would be four times the cost.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = None
MAX_RATIO = 2.3


def measure(program, folder):
    """(name, bytes, instructions) of every step, in order."""
    valgrind = shutil.which("valgrind")
    assert valgrind, "valgrind is missing: deploy/install-dependencies --tests"
    done = subprocess.run([valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/out", program],
                          capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.rsplit("|", 1) for line in done.stdout.splitlines()]
    for number, (name, size) in enumerate(steps, 1):
        text = (Path(folder) / f"out.{number}").read_text()
        assert f"Client Request: {name}" in text, (name, text[:300])
        yield name, int(size), int(re.search(r"^(?:totals|summary): (\d+)", text, re.M).group(1))


class Hostile(unittest.TestCase):
    def test_twice_the_head_is_at_most_twice_the_cost(self):
        with tempfile.TemporaryDirectory(prefix="weir-cost-") as folder:
            steps = list(measure(PROGRAM, folder))
        self.assertGreater(len(steps), 40)
        dear = []
        for (name, small, cost), (other, large, twice) in zip(steps[::2], steps[1::2]):
            self.assertEqual(name, other)
            print(f"{name:70} {small:6} {cost:10}  {large:6} {twice:10}  {twice / cost:.2f}")
            if twice / cost > MAX_RATIO:
                dear.append(f"{name}: {cost} for {small} bytes, {twice} for {large}")
        self.assertEqual(dear, [])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()

"""The policy guide does what it says: each command in it is run, and writes what it shows.

WEIR_UPDATE_GOLDEN=1 writes the outputs into the document instead, to be reviewed like code.
"""

import os
import unittest

from support.document import agrees, rewritten, run_document, with_sections
from support.process import BINARY, COMPLAINT, ROOT, free_port
from support.shell import Shell


class Documents(unittest.TestCase):
    maxDiff = None

    def assert_does_what_it_says(self, name):
        path = ROOT / name
        shell = Shell(BINARY, ROOT, {fixed: free_port() for fixed in (8080, 9901, 8000)})
        self.addCleanup(shell.close)
        results = []
        for command, actual in run_document(shell, path):
            results.append((command, actual))
            if "WEIR_UPDATE_GOLDEN" not in os.environ and not agrees(command.expected, actual):
                self.assertEqual("\n".join(command.expected), "\n".join(actual),
                                 f"{name}:{command.line + 1}: $ {command.text}")
        self.assertGreater(len(results), 5)
        self.assertIsNone(COMPLAINT.search(shell.logs()), shell.logs()[-4000:])
        if "WEIR_UPDATE_GOLDEN" in os.environ:
            path.write_text(rewritten(path.read_text(), results))

    def test_the_policy_guide(self):
        self.assert_does_what_it_says("docs/policy-guide.md")


class Comparison(unittest.TestCase):
    """The comparison itself, because one that always agrees would prove nothing."""

    def test_another_word_is_found(self):
        self.assertFalse(agrees(["HTTP/1.1 200 OK"], ["HTTP/1.1 503 Service Unavailable"]))
        self.assertFalse(agrees(["a", "b"], ["a"]))
        self.assertFalse(agrees(["x-weir-decision: queue_full"], ["x-weir-decision: queue_timeout"]))

    def test_what_varies_is_compared_by_its_form(self):
        self.assertTrue(agrees(["retry-after-ms: 4200"], ["retry-after-ms: 6713"]))
        self.assertFalse(agrees(["retry-after-ms: 4200"], ["retry-after: 4"]))

    def test_dots_stand_for_any_lines(self):
        self.assertTrue(agrees(["a", "...", "d"], ["a", "b", "c", "d"]))
        self.assertTrue(agrees(["a", "..."], ["a"]))
        self.assertFalse(agrees(["a", "...", "d"], ["a", "b", "c"]))

    def test_a_section_takes_the_place_of_the_one_with_its_name(self):
        policy = "version: 1\n\nclasses:\n  - name: a\n\nmode: shadow\n"
        self.assertEqual(with_sections(policy, "classes:\n  - name: b\ntests:\n  - name: c\n"),
                         "version: 1\n\nclasses:\n  - name: b\n\nmode: shadow\n\ntests:\n  - name: c\n")


if __name__ == "__main__":
    unittest.main()

"""docs/benchmarks.md: its tables are those of bench/results."""

import unittest
from pathlib import Path

from weirbench import page

ROOT = Path(__file__).resolve().parents[2]
REPORT = "# Throughput, today\n\nWeir 1.\n\nCommand: `x`.\n\n## GET\n\n64 connections.\n\n| a |\n\n## GET, more\n\n| b |\n"


def marked(title, text="old"):
    return f"Before.\n\n<!-- from report.md: {title} -->\n{text}\n<!-- end -->\n\nAfter.\n"


class Page(unittest.TestCase):
    def fill(self, title):
        return page.filled(marked(title), {"report.md": REPORT}.__getitem__)

    def test_a_section_stands_between_its_markers_and_the_rest_is_kept(self):
        self.assertEqual(self.fill("GET"), marked("GET", "\n64 connections.\n\n| a |\n"))
        self.assertEqual(self.fill("GET, more"), marked("GET, more", "\n| b |\n"))

    def test_what_a_report_says_of_itself_can_be_copied_too(self):
        self.assertEqual(self.fill("about"), marked("about", "\nWeir 1.\n\nCommand: `x`.\n"))

    def test_filling_it_again_changes_nothing(self):
        once = self.fill("GET")
        self.assertEqual(page.filled(once, {"report.md": REPORT}.__getitem__), once)

    def test_a_section_that_no_report_has_is_an_error(self):
        with self.assertRaisesRegex(page.Missing, "asks for 'PUT' of report.md: no section 'PUT'"):
            self.fill("PUT")

    def test_ours_shows_the_figures_of_the_reports(self):
        text = (ROOT / page.PAGE).read_text()
        self.assertEqual(text, page.filled(text, lambda name: (ROOT / name).read_text()),
                         "run bench/publish, which copies the tables anew")


if __name__ == "__main__":
    unittest.main()

"""docs/benchmarks.md: text by hand, tables out of bench/results, so that a figure stands in one place and is copied.

A part of the page that is copied stands between two markers:

  <!-- from bench/results/throughput.md: POST -->       a section, without its heading
  <!-- end -->

`about` instead of a section's title: what the report says of versions, machine and command before its first section."""

import re

PAGE = "docs/benchmarks.md"
_PART = re.compile(r"(<!-- from (?P<file>[^:]+): (?P<title>[^\n]+?) -->\n).*?(<!-- end -->)", re.S)


class Missing(RuntimeError):
    """The page asks for a part of a report that is not there."""


def section(report, title):
    """The text of a report's section, or with `about` what stands before the first one."""
    if title == "about":
        return re.sub(r"\A# .*\n", "", re.split(r"^## ", report, maxsplit=1, flags=re.M)[0]).strip()
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", report, re.M | re.S)
    if not found:
        raise Missing(f"no section '{title}'")
    return found[1].strip()


def filled(page, read):
    """The page with its copied parts as the reports have them now. `read(file)`: a report's text."""
    def part(found):
        try:
            text = section(read(found["file"]), found["title"])
        except (Missing, OSError) as error:
            raise Missing(f"{PAGE} asks for '{found['title']}' of {found['file']}: {error}") from None
        return f"{found[1]}\n{text}\n\n{found[4]}"

    return _PART.sub(part, page)

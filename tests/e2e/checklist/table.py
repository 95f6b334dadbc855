"""docs/strictness.md: the verdicts of the three proxies, written when WEIR_UPDATE_GOLDEN is set and compared otherwise."""

import os
import re
from pathlib import Path

FILE = Path(__file__).resolve().parents[3] / "docs/strictness.md"


def escape(text):
    text = "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in text)
    return text.replace("|", "\\|").replace("``", "` `")


def rows_of(cases, results, meets):
    rows = []
    for i, case in enumerate(cases):
        cells = []
        for name in ("Weir", "HAProxy", "nginx"):
            verdict = results[name][i].verdict(case)
            cells.append(verdict if meets(case, results[name][i], name == "Weir") else f"**{verdict}**")
        rows.append((case.subject, escape(case.name), case.demand, *cells))
    return rows


def markdown(rows):
    lines = ["| subject | sent | demanded | Weir | HAProxy | nginx |", "|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def tally(rows):
    """How many rows each proxy fails."""
    return [sum(row[column].startswith("**") for row in rows) for column in (3, 4, 5)]


def marks(section):
    return f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"


def documented(section):
    begin, end = marks(section)
    text = FILE.read_text() if FILE.exists() else ""
    found = re.search(re.escape(begin) + "(.*?)" + re.escape(end), text, re.S)
    return found.group(1) if found else ""


def update(section, rows):
    begin, end = marks(section)
    text = FILE.read_text()
    failed = tally(rows)
    head = f"{len(rows)} cases; not as demanded: Weir {failed[0]}, HAProxy {failed[1]}, nginx {failed[2]}.\n\n"
    whole = begin + "\n" + head + markdown(rows) + "\n" + end
    FILE.write_text(re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: whole, text, flags=re.S))


def check_or_update(test, section, rows):
    """Weir's column as documented: a change of behaviour is a change of the document."""
    if os.environ.get("WEIR_UPDATE_GOLDEN"):
        update(section, rows)
    columns = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in documented(section).splitlines()
               if re.match(r"\| (?!subject \|)", line)]
    written = [tuple(row[:4]) for row in columns]
    test.assertEqual([tuple(map(str, row[:4])) for row in rows], written,
                     "docs/strictness.md says otherwise; WEIR_UPDATE_GOLDEN=1 rewrites it")

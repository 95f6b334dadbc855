"""Contestants measured in interleaved rounds, and the tables of medians that come of it."""

import sys
from dataclasses import dataclass

from . import summary
from .stats import median


def interleaved(names, rounds, measure, label):
    """rounds x names measurements in the order A B C B C A C A B, so that none always follows the same other one."""
    results = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            print(f"\r{label}: round {number + 1} of {rounds}, {name:<8}", end="", file=sys.stderr, flush=True)
            results[name].append(measure(name))
    print(f"\r{label}: done{'':<30}", file=sys.stderr)
    return results


def spread(values, form="{:.2f}"):
    return f"{form.format(median(values))} [{form.format(min(values))}..{form.format(max(values))}]"


class Table:
    """Rows of medians, one a contestant. `rounds`: name -> the results of its rounds."""

    def __init__(self, rounds):
        self.rounds, self.header, self.rows = rounds, [""], [[name] for name in rounds]

    def add(self, title, key, form="{:.0f}", of=median):
        """A column: `of` the values of `key` over all rounds."""
        self._append(title, lambda name: form.format(of(self._values(name, key))))

    def add_with_spread(self, title, key):
        self._append(title, lambda name: spread(self._values(name, key)))

    def add_ratio(self, other, key):
        """A column: the median over all rounds of how this compares with another contestant in the same round."""
        def ratio(name):
            if other not in self.rounds:
                return "-"
            pairs = zip(self._values(name, key), self._values(other, key))
            ratios = [own / others for own, others in pairs if others]
            return f"{median(ratios):.2f}" if ratios else "-"

        self._append(f"x {other}", ratio)

    def _values(self, name, key):
        return [result[key] for result in self.rounds[name]]

    def _append(self, title, cell):
        self.header.append(title)
        for row in self.rows:
            row.append(cell(row[0]))


@dataclass
class Section:
    """What a report says of one topic. The title names the topic alone, so that a page can refer to it."""

    title: str
    note: str
    header: list
    rows: list

    def text(self):
        return f"{self.title}\n{self.note}\n{summary.text_table(self.header, self.rows)}"

    def markdown(self):
        return f"## {self.title}\n\n{self.note}\n\n{summary.markdown_table(self.header, self.rows)}"

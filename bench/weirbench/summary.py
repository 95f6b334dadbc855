"""Outcomes counted per class, and the tables that show them."""

from collections import Counter
from dataclasses import dataclass, field

from .stats import percentile


@dataclass
class ClassSummary:
    offered: int = 0
    served: int = 0
    good: int = 0  # served, and the first token within the class's slo where it has one
    refused: Counter = field(default_factory=Counter)  # requests by the reason of their last refusal
    refused_attempts: Counter = field(default_factory=Counter)  # by reason; retries count each
    failed: Counter = field(default_factory=Counter)
    attempts: int = 0
    first_tokens: list = field(default_factory=list)  # seconds, of the served

    @property
    def goodput(self):
        """The share of offered requests that were answered well."""
        return self.good / self.offered if self.offered else None

    def first_token(self, q):
        return percentile(self.first_tokens, q)


def summarize(outcomes, slo=None):
    """class -> ClassSummary, in order of first appearance. `slo`: class -> seconds to the first token."""
    slo = slo or {}
    classes = {}
    for outcome in outcomes:
        summary = classes.setdefault(outcome.klass, ClassSummary())
        summary.offered += 1
        summary.attempts += outcome.attempts
        summary.refused_attempts.update(outcome.refused_attempts)
        if outcome.kind == "served":
            summary.served += 1
            summary.first_tokens.append(outcome.first_token_s)
            if outcome.first_token_s <= slo.get(outcome.klass, float("inf")):
                summary.good += 1
        else:
            (summary.refused if outcome.kind == "refused" else summary.failed)[outcome.reason] += 1
    return classes


def share(part):
    return "-" if part is None else f"{100 * part:.1f} %"


def seconds(value):
    if value is None:
        return "-"
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"


def reasons(counter):
    total = sum(counter.values())
    if not total:
        return "0"
    return f"{total} ({', '.join(f'{reason} {count}' for reason, count in counter.most_common(4))})"


HEADER = ["", "class", "offered", "served", "refused (last reason)", "failed", "good", "tries",
          "first token p50", "p95", "p99"]


def rows(scenario, classes):
    """Table rows of one scenario."""
    table = []
    for klass, s in sorted(classes.items()):
        first_tokens = [seconds(s.first_token(q)) for q in (0.5, 0.95, 0.99)]
        table.append([scenario, klass, str(s.offered), str(s.served), reasons(s.refused), reasons(s.failed),
                      share(s.goodput), f"{s.attempts / s.offered:.2f}", *first_tokens])
    return table


def text_table(header, body):
    """Columns padded for a terminal."""
    widths = [max(len(row[i]) for row in [header, *body]) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [header, *body]]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown_table(header, body):
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

"""The tables of bench/simulation, as Markdown."""

from . import measures, summary


def short_name(controller):
    return controller.partition(":")[0]


def value_cells(column, runs, saturated):
    if column.pooled and (pooled := column.pooled(runs)):
        return pooled.cell()
    return measures.cell([column.of(run, saturated) for run in runs], column.form, column.never)


def section(group, runs, saturated):
    """One group's tables. `runs`: case -> controller's name -> runs by seed; `saturated`: case -> answers that the engines
    can give while the trouble lasts."""
    lines = ["", f"## {group.title}", "", group.about]
    cases = [case for case in group.cases if case in runs]
    names = list(runs[cases[0]])
    if not group.matrices:
        table = [[case, name, *(value_cells(column, runs[case][name], saturated[case]) for column in group.columns)]
                 for case in cases for name in names]
        return [*lines, "", summary.markdown_table(["", "", *(column.head for column in group.columns)], table)]
    capacity = saturated[cases[0]] / group.cases[cases[0]].surge_s
    lines[-1] += f" Capacity {capacity:.1f} requests/s. Across: the surge, in multiples of it."
    for column in group.columns:
        table = [[name, *(value_cells(column, runs[case][name], saturated[case]) for case in cases)] for name in names]
        lines += ["", f"**{column.head}**", "", summary.markdown_table(["", *cases], table)]
    return lines


def what_breaks(group, runs, saturated, parts, minimum=1.0):
    """A line for each part of the law and case that is worse without it: by more than `minimum` in a measure that is a share,
    and by more than the interval of the differences seed by seed."""
    lines = []
    for part in parts:
        for case in group.cases:
            without = f"{case}, without {part}"
            if without not in runs:
                continue
            found = []
            for measure in group.columns:
                if measure.better == 0:
                    continue
                pairs = [(measure.of(own, saturated[case]), measure.of(other, saturated[case]))
                         for own, other in zip(runs[case]["weir"], runs[without]["weir"])]
                losses = [measure.better * (own - other) for own, other in pairs if own is not None and other is not None]
                loss = measures.mean(losses)
                if loss is None or loss <= minimum or (len(losses) > 1 and loss <= measures.half_width(losses)):
                    continue
                found.append(f"{measure.head} {measures.mean([own for own, _ in pairs]):.2f} -> "
                             f"{measures.mean([other for _, other in pairs]):.2f}")
            if found:
                lines.append(f"- without **{part}**, {case}: {'; '.join(found)}")
    return lines


class Goal:
    """A goal for Weir: the worst of some cases must be on the right side of a bound."""

    def __init__(self, text, title, measure, bound, at_most=False, cases=None, relative_to=""):
        self.text, self.title, self.measure, self.bound, self.at_most = text, title, measure, bound, at_most
        self.cases, self.relative_to = cases, relative_to

    def _value(self, runs, saturated, name):
        if self.measure.pooled and (pooled := self.measure.pooled(runs[name])):
            return pooled.value
        value = measures.mean([self.measure.of(run, saturated) for run in runs[name]])
        # If it was never reached in one run, it counts as never.
        if self.measure.never and any(self.measure.of(run, saturated) is None for run in runs[name]):
            return None
        if value is None or not self.relative_to:
            return value
        base = measures.mean([self.measure.of(run, saturated) for run in runs.get(self.relative_to, [])])
        return 100 * value / base if base else None

    def worst(self, runs, saturated, name):
        """(value, group, case) of the case in which `name` does worst; None if it was not run."""
        found = []
        for title, cases in runs.items():
            for case, own in cases.items():
                if self.title not in title or (self.cases and case not in self.cases) or name not in own:
                    continue
                value = self._value(own, saturated[title][case], name)
                # An unknown value is the worst of all.
                found.append((float("inf") if self.at_most else float("-inf")) if value is None else value)
                found[-1] = (found[-1], title, case)
        return (max if self.at_most else min)(found, key=lambda entry: entry[0], default=None)

    def row(self, runs, saturated, others):
        """A table's row; None if Weir was not run."""
        own = self.worst(runs, saturated, "weir")
        if own is None:
            return None
        met = own[0] <= self.bound if self.at_most else own[0] >= self.bound
        rivals = [(found[0], name) for name in others if (found := self.worst(runs, saturated, name))]
        best = (min if self.at_most else max)(rivals, key=lambda entry: entry[0], default=None)
        sign = "at most" if self.at_most else "at least"
        return [self.text, f"{sign} {self.bound:g}", _number(own[0]), f"{own[1]}: {own[2]}", "yes" if met else "**no**",
                f"{_number(best[0])} ({best[1]})" if best else "-"]


def _number(value):
    return "not seen" if abs(value) == float("inf") else f"{value:.2f}"


def goals_table(goals, runs, saturated, others):
    rows = [row for goal in goals if (row := goal.row(runs, saturated, others))]
    return summary.markdown_table(["goal, in the worst case", "", "Weir", "in", "met", "best of the others"], rows) if rows else ""

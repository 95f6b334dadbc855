"""The measures of a simulated run, and how several runs become one cell of a table.

A run is what Simulator.play gives for one controller: class -> the simulator's entry of it.
"""

import heapq
import math
import random
import statistics
from typing import Callable, NamedTuple

from .simulator import SURGE_START_S
from .stats import half_width


class Measure(NamedTuple):
    head: str                  # of the column
    of: Callable               # (run, saturated) -> a number, or None; saturated: answers that the engines can give meanwhile
    form: str = "{:.2f}"
    never: str = ""            # what None means, where it means something
    better: int = 0            # of shares: 1 where more is better, -1 where less is
    pooled: Callable = None    # runs by seed -> Pooled, or None; instead of the mean of what `of` gives


def _good_share(klass):
    return lambda run, _: _percent(run[klass]["surge"]["goodput"])


def _served_share(klass):
    def of(run, _):
        surge = run[klass]["surge"]
        return _percent(surge["served"] / surge["offered"]) if surge["offered"] else None
    return of


def _kept(run, _):
    return _percent(run["direct"].get("kept"))


def _first_seconds(run, _):
    """Good answers to direct users' requests of the first 10 s, of those in the calm run."""
    direct = run["direct"]
    stretch = slice(SURGE_START_S, SURGE_START_S + 10)
    calm = sum(direct.get("calm_good_by_second", [])[stretch])
    return _percent(sum(direct["good_by_second"][stretch]) / calm) if calm else None


def _p99(run, _):
    return run["direct"]["surge"]["first_token_p99_s"]


def _slowdown(run, _):
    surge, calm = run["direct"]["surge"]["first_token_p99_s"], run["direct"].get("calm", {}).get("first_token_p99_s")
    return surge / calm if surge and calm else None


def _partly(run, _):
    clients = run["siri-bulk"]["clients"]
    total = sum(clients.values())
    return _percent(clients["partly"] / total) if total else None


def _whole_clients(run, _):
    clients = run["siri-bulk"]["clients"]
    total = sum(clients.values())
    return _percent(clients["whole"] / total) if total else None


def classes_of(run):
    return [entry for name, entry in run.items() if name]


def _work(run, saturated):
    good = sum(entry["surge"]["good"] for entry in classes_of(run))
    return _percent(good / saturated)


def _waste(run, _):
    computed = sum(entry["surge"]["computed_tokens"] for entry in classes_of(run))
    return _percent(sum(entry["surge"]["wasted_tokens"] for entry in classes_of(run)) / computed) if computed else None


def _part_of_served(klass):
    def of(run, _):
        served = sum(entry["surge"]["served"] for entry in classes_of(run))
        return _percent(run[klass]["surge"]["served"] / served) if served else None
    return of


class Pooled(NamedTuple):
    """A measure of several runs together, its 95 % interval by bootstrap, and the requests that it is of."""

    value: float
    low: float
    high: float
    count: int

    def cell(self):
        few = f", of {self.count}" if self.count < ENOUGH else ""
        return f"{self.value:.2f} [{self.low:.2f}..{self.high:.2f}{few}]"


ENOUGH = 2_000  # requests for a p99: 20 of them are beyond it
RESAMPLES = 300


def _tail(runs, name):
    """Of each run its slowest first tokens of direct users, and of all runs the number of first tokens."""
    times = [run["direct"].get(name) or [] for run in runs]
    most = max(1, sum(map(len, times)) // 50)  # twice what lies beyond the p99: resampled runs differ in length
    return [(own[-most:], len(own)) for own in times]


def _pooled_p99(tails):
    """The p99 of runs together. REQUIRES: their tails are long enough."""
    count = sum(length for _, length in tails)
    if not count:
        return None
    beyond = count - math.ceil(0.99 * count)  # requests that are slower
    return heapq.nlargest(beyond + 1, (value for tail, _ in tails for value in tail))[-1]


def _bootstrapped(runs, names, of):
    """Whole runs are drawn, since requests of one run are not independent of each other."""
    tails = [_tail(runs, name) for name in names]
    count = min(sum(length for _, length in own) for own in tails)
    if not count:
        return None
    draw = random.Random(1)
    values = []
    for _ in range(RESAMPLES if len(runs) > 1 else 0):
        chosen = draw.choices(range(len(runs)), k=len(runs))
        drawn = [_pooled_p99([own[i] for i in chosen]) for own in tails]
        if all(drawn):
            values.append(of(*drawn))
    value = of(*map(_pooled_p99, tails))
    values = sorted(values) or [value]
    return Pooled(value, values[len(values) // 40], values[-1 - len(values) // 40], count)


def _pooled_slowdown(runs):
    return _bootstrapped(runs, ("first_tokens_s", "calm_first_tokens_s"), lambda surge, calm: surge / calm)


def _percent(share):
    return None if share is None else 100 * share


GOOD = Measure("direct: good %", _good_share("direct"), better=1)
KEPT = Measure("kept %", _kept, better=1)
FIRST_SECONDS = Measure("kept in the first 10 s %", _first_seconds, better=1)
P99 = Measure("p99 first token, s", _p99, pooled=lambda runs: _bootstrapped(runs, ("first_tokens_s",), lambda surge: surge))
SLOWDOWN = Measure("times the calm p99", _slowdown, pooled=_pooled_slowdown)
RECOVERY = Measure("recovery, s", lambda run, _: run["direct"].get("recovery_s"), "{:.1f}", "not seen")
BULK_SERVED = Measure("bulk: served %", _served_share("siri-bulk"))
PARTLY = Measure("clients partly %", _partly, better=-1)
WHOLE = Measure("bulk's clients wholly served %", _whole_clients, better=1)
WORK = Measure("good work, % of capacity", _work, "{:.1f}", better=1)
WASTE = Measure("wasted work %", _waste)
BATCH_SERVED = Measure("batch: served %", _served_share("batch"), better=1)
BATCH_PART = Measure("batch: of all that is served %", _part_of_served("batch"), better=1)

STANDARD = [GOOD, KEPT, FIRST_SECONDS, P99, SLOWDOWN, RECOVERY, BULK_SERVED, PARTLY, WORK, WASTE]


def cell(values, form="{:.2f}", never=""):
    """Mean ± half of its 95 % interval, of the known values."""
    known = [value for value in values if value is not None]
    if not known:
        return never or "-"
    text = form.format(statistics.mean(known))
    if len(known) > 1:
        text += f" ± {form.format(half_width(known))}"
    if never and len(known) < len(values):
        text += f" ({never} in {len(values) - len(known)} of {len(values)})"
    return text


def mean(values):
    known = [value for value in values if value is not None]
    return statistics.mean(known) if known else None

"""The measures of a simulated run, and how several runs become one cell of a table.

A run is what Simulator.play gives for one controller: class -> the simulator's entry of it.
"""

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


def _percent(share):
    return None if share is None else 100 * share


GOOD = Measure("direct: good %", _good_share("direct"), better=1)
KEPT = Measure("kept %", _kept, better=1)
FIRST_SECONDS = Measure("kept in the first 10 s %", _first_seconds, better=1)
P99 = Measure("p99 first token, s", _p99)
SLOWDOWN = Measure("times the calm p99", _slowdown)
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

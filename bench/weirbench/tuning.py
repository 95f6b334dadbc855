"""Settings for the rules that Weir is compared with: for each mix of lengths, the best of a grid of twelve.

Tuned on seeds of their own, never on those that are published, at a tenfold surge. The score of a setting is the mean of

    direct users' good answers, as a share of theirs; the worse of with and without the surge
    + 0.05 x all good answers during the surge, as a share of what the capacity could have answered

so that a rule that protects direct users beats one that does not, and of two that do the one that wastes less wins. To be
tuned for a mix is more than an operator can count on, whose traffic changes. Weir itself is not tuned: it plays with its
defaults everywhere.
"""

import itertools
import json
from pathlib import Path

from .processes import ROOT
from .simulator import MIXES, Case

FILE = ROOT / "bench/results/tuned.json"
SEEDS = [101, 102]
FACTOR = 10.0
BUDGET = 12  # settings of each

GRIDS = {
    "cap": {"slots": [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2]},
    "haproxy": {"slots": [0.05, 0.1, 0.3, 0.6, 0.8, 1], "timeout": [0.5, 2]},
    "smg": {"slots": [0.1, 0.5, 1], "reserved": [0.1, 0.3], "worse_timeout": [2, 30]},
    "llmd": {"burst": [2, 4, 8, 16], "queue": [2, 5, 20]},
    "aimd": {"target": [0.5, 1, 1.5], "factor": [0.7, 0.9], "window": [0.2, 1]},
    "gradient": {"buffer": [0.25, 1, 3], "whole_answer": [0, 1], "least_share": [0, 0.5]},
    "gradient2": {"tolerance": [1.2, 1.5, 2], "whole_answer": [0, 1], "smoothing": [0.2, 0.5]},
    "dagor": {"threshold": [0.15, 0.25, 0.4], "alpha": [0.5, 0.8], "beta": [0.01, 0.05]},
    "cinnamon": {"start": [0.1, 0.4, 1], "timeout": [1, 2], "tolerance": [1, 1.5]},
    "oracle": {"reserve": [0, 0.05, 0.1, 0.2], "prompts": [2, 4, 8]},
}


def settings_of(grid):
    """All combinations of a grid, as for the command line."""
    names = list(grid)
    return [",".join(f"{name}={value:g}" for name, value in zip(names, values)) for values in itertools.product(*grid.values())]


def score(case, capacity, classes):
    """Of one controller's run, as Simulator.play gives it."""
    direct = classes["direct"]
    good = sum(entry["surge"]["good"] for name, entry in classes.items() if name)
    kept = min(direct["surge"]["goodput"] or 0, direct["calm"]["goodput"] or 0)
    return kept + 0.05 * good / (capacity * case.endpoints * case.surge_s)


def tune(simulator, grids=None, mixes=None, seeds=None, done=None):
    """mix -> controller -> {"settings", "score", "of"}: the best of its grid, and the scores of all of it."""
    grids, mixes, seeds = grids or GRIDS, mixes or list(MIXES), seeds or SEEDS
    tasks = [(mix, name, seed) for mix in mixes for name in grids for seed in seeds]

    def play(mix, name, seed):
        case = Case(mix=mix, surges=(("siri-bulk", FACTOR),))
        words = [f"{name}:{settings}" for settings in settings_of(grids[name])]
        runs = simulator.play(case, seed, words)
        return {settings: score(case, simulator.capacity(mix), runs[word]) for settings, word in zip(settings_of(grids[name]), words)}

    results = dict(zip(tasks, simulator.map(play, tasks, done)))
    tuned = {}
    for mix in mixes:
        for name in grids:
            means = {settings: round(sum(results[mix, name, seed][settings] for seed in seeds) / len(seeds), 4)
                     for settings in settings_of(grids[name])}
            best = max(means, key=means.get)
            tuned.setdefault(mix, {})[name] = {"settings": best, "score": means[best], "of": means}
    return tuned


def write(tuned, path=FILE):
    text = {"command": "bench/simulation --tune", "seeds": SEEDS, "surge": FACTOR, "mixes": tuned}
    Path(path).write_text(json.dumps(text, indent=1) + "\n")


def controllers(mix, path=FILE):
    """`none` and every tuned rule, as for the command line. Raises OSError where nothing has been tuned."""
    tuned = json.loads(Path(path).read_text())["mixes"][mix]
    return ["none"] + [f"{name}:{entry['settings']}" for name, entry in tuned.items()]

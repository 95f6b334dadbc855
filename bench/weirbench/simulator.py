"""`weir simulate` on traces made from seeds: what bench/simulation's scenarios, its tuning and its ablation share."""

import json
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from . import trace

SURGE_START_S, SURGE_LENGTH_S, TRACE_LENGTH_S = 60, 60, 180
PRESET = "h100-8b"
BACKLOG = 8_000  # requests, of the measurement of the capacity

MIXES = {  # mean tokens of prompts and answers
    "short": trace.Lengths(100, 50),
    "long outputs": trace.Lengths(300, 600),
    "prompt-heavy": trace.Lengths(2000, 50),
    "long contexts": trace.Lengths(1000, 500),
}


class Case(NamedTuple):
    """One case to simulate: everything but the seed and the controller."""

    mix: str = "short"
    preset: str = PRESET
    sigma: float = 0.5                      # how widely lengths scatter: trace.Lengths
    burstiness: float = 1                   # of arrivals: trace.generate()
    load: tuple = (("direct", 0.8), ("siri-bulk", 0.1))  # class -> share of one engine's capacity times the engines
    surges: tuple = (("siri-bulk", 10.0),)  # class -> multiples of the capacity that come on top, for a minute
    endpoints: int = 1
    surge_s: int = SURGE_LENGTH_S
    whale: str = ""                         # a class of which one client alone makes the surge
    policy: tuple = ()                      # (pattern, replacement): changes of the policy's text
    arguments: tuple = ()                   # further words for `weir simulate`


class Simulator:
    """The program, a policy and a folder. Runs use all cores at once; each is one process."""

    def __init__(self, weir, policy, directory, jobs=os.cpu_count() or 1):
        self.weir, self.policy, self.directory = weir, Path(policy).read_text(), Path(directory)
        self._pool = ThreadPoolExecutor(jobs)
        self._capacities = {}
        self._locks = {}
        self._lock = threading.Lock()

    def run(self, policy, *arguments, preset=PRESET):
        """The simulation's JSON. Raises RuntimeError with the program's output."""
        command = [self.weir, "simulate", policy, *arguments, "--preset", preset, "--format", "json"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip() or f"weir ended with {done.returncode}")
        return json.loads(done.stdout)

    def policy_file(self, changes=()):
        """The policy with its text changed. Raises ValueError when there is nothing to change."""
        text = self.policy
        for pattern, replacement in changes:
            text, found = re.subn(pattern, replacement, text)
            if not found:
                raise ValueError(f"the policy has nothing like {pattern!r}")
        return self.written(f"policy-{_name_of(changes)}.yaml", lambda file: file.write(text))

    def written(self, name, write):
        """A file of this name in the folder, written once."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        path = self.directory / name
        with lock:
            if not path.exists():
                with open(f"{path}.part", "w", newline="") as file:
                    write(file)
                os.replace(f"{path}.part", path)
        return path

    def capacity(self, mix, preset=PRESET, sigma=0.5):
        """Requests per second that one engine completes while it is never idle.

        What the second half of a long backlog takes: a whole one also has a beginning, and an end in which the longest
        answers run alone.
        """
        key = (mix, preset, sigma)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._capacities:
                lengths = {"siri-bulk": MIXES[mix]._replace(sigma=sigma)}
                requests = trace.generate(0, BACKLOG / 40, 40, {"siri-bulk": 1}, lengths=lengths)
                whole, half = (self._backlog_s(f"{mix} {sigma:g}", preset, requests[:count]) for count in (len(requests), len(requests) // 2))
                self._capacities[key] = (len(requests) - len(requests) // 2) / (whole - half)
        return self._capacities[key]

    def capacity_of(self, case):
        """The same of all engines of a case."""
        return self.capacity(case.mix, case.preset, case.sigma) * case.endpoints

    def _backlog_s(self, name, preset, requests):
        """The time that an engine takes for all of them at once."""
        file = self.written(f"backlog {name} {len(requests)}.csv",
                             lambda file: trace.write(file, [request._replace(arrival_s=0) for request in requests]))
        return self.run(self.policy_file(), file, "--controller", "none", "--give-up", "86400",
                        preset=preset)["scenarios"][0]["length_s"]

    def calm_trace(self, case, seed):
        """The load without the surge; a class that only surges is in it with very little, to be multiplied."""
        load = dict(case.load)
        lengths = {klass: MIXES[case.mix]._replace(sigma=case.sigma) for klass in load}
        capacity = self.capacity_of(case)
        name = f"calm {case.mix} {case.preset} {case.sigma:g} {case.burstiness:g} {case.endpoints} {seed} {_name_of(case.load)}.csv"
        return self.written(name, lambda file: trace.write(
            file, trace.generate(seed, TRACE_LENGTH_S, capacity, load, [], lengths, case.burstiness)))

    def play(self, case, seed, controllers, *arguments):
        """controller -> class -> what the simulator reports of it, and of its calm twin where there is a surge."""
        calm = self.calm_trace(case, seed)
        words = ["--seed", seed, "--endpoints", case.endpoints, "--first-tokens", *case.arguments, *arguments]
        traces = [calm]
        if case.whale:
            traces, words = self._with_whale(case, seed, calm), [*words, "--baseline", calm]
        else:
            load = dict(case.load)
            for klass, factor in case.surges:
                words += ["--surge", f"{klass}={1 + factor / load[klass]:g}x@{SURGE_START_S}s+{case.surge_s}s"]
        words += ["--controller", controllers[0]]
        if controllers[1:]:
            words += ["--compare", ",".join(controllers[1:])]
        result = self.run(self.policy_file(case.policy), *traces, *words, preset=case.preset)
        return {entry["controller"]: {of["class"]: of for of in entry["classes"]} | {"": entry}
                for entry in result["scenarios"]}

    def _with_whale(self, case, seed, calm):
        """The calm trace and a file with one client's surge beside it."""
        capacity = self.capacity_of(case)
        surges = [trace.Surge(case.whale, factor, SURGE_START_S, case.surge_s) for _, factor in case.surges]
        requests = trace.generate(f"whale {seed}", SURGE_START_S + case.surge_s, capacity, {}, surges,
                                  {case.whale: MIXES[case.mix]})
        name = f"whale {case.mix} {case.preset} {case.endpoints} {seed} {_name_of(case.surges)}.csv"
        return [calm, self.written(name, lambda file: trace.write(file, [r._replace(client="whale") for r in requests]))]

    def map(self, work, tasks, done=None):
        """work(*task) of all tasks, in their order, as many at once as there are cores. `done`: called after each."""
        def one(task):
            result = work(*task)
            if done:
                done()
            return result
        try:
            return list(self._pool.map(one, tasks))
        except BaseException:
            self._pool.shutdown(cancel_futures=True)
            raise


def _name_of(value):
    return re.sub(r"[^\w.-]+", "-", repr(value)).strip("-")[:150] or "as-it-is"

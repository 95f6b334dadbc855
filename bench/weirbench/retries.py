"""What a brown-out of half of the engines costs in additional requests, by who tries again."""

import asyncio
import tempfile

from .engines import EngineProcess, Weir
from .open_loop import Clients, p99

HEAD = ["who tries again", "requests", "at the engines", "amplification", "served", "p99", "goal", "holds"]
RATE, MAX_AMPLIFICATION = 150, 1.10
POLICY = """  - name: model
    endpoints: [{endpoints}]
    capacity: {{ requests: 16 }}
{tries}"""
CLASSES = """  - name: everyone
    match: any
    backend: model"""


async def load(port, engines, most, seconds):
    """Returns the results, the number of requests that clients meant, and of those served."""
    clients, meant, served = Clients(port), [], []
    await clients.constant_rate(RATE, min(2, seconds))
    for engine in engines[2:]:
        await asyncio.to_thread(engine.control, "brown")
    before = sum(engine.control()["received"] for engine in engines)
    clients.results.clear()

    async def ask(path):
        meant.append(path)
        for _ in range(most):
            if await clients.ask(path) == 200:
                served.append(path)
                return
    await clients.constant_rate(RATE, seconds, ask=ask)
    received = sum(engine.control()["received"] for engine in engines) - before
    return clients.results, len(meant), len(served), received


def brown_out(options, name, tries, client_tries):
    with tempfile.TemporaryDirectory(prefix="weir-backends-") as directory:
        started = []
        try:
            for engine in "abcd":
                started.append(EngineProcess(engine, directory, arguments=["--seed", options.seed]))
            engines = list(started)
            policy = POLICY.format(endpoints=", ".join(engine.url for engine in engines), tries=tries)
            started.append(Weir(options, directory, policy, CLASSES))
            counted = asyncio.run(load(started[-1].port, engines, client_tries, options.seconds))
        finally:
            for process in started:
                process.stop()
    results, meant, served, received = counted
    amplification = received / max(1, meant)
    has_goal = not tries
    holds = not has_goal or amplification <= MAX_AMPLIFICATION
    verdict = [f"{MAX_AMPLIFICATION:.2f}", "yes" if holds else "NO"] if has_goal else ["", ""]
    return [name, f"{meant}", f"{received}", f"{amplification:.3f}", f"{100 * served / max(1, meant):.1f} %",
            f"{1000 * p99(results):.0f} ms", *verdict], holds


ONCE = "    tries: { most: 1 }"
# Their names, what the policy says of tries, and how often clients try.
CONTESTANTS = [("nothing: tries most 1", ONCE, 1), ("clients: three times at once, without a budget", ONCE, 3),
               ("Weir: its default", "", 1)]

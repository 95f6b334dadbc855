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
            started.append(Weir(options, directory, POLICY.format(endpoints=", ".join(e.url for e in engines), tries=tries), CLASSES))
            results, meant, served, received = asyncio.run(load(started[-1].port, engines, client_tries, options.seconds))
        finally:
            for process in started:
                process.stop()
    amplification = received / max(1, meant)
    has_goal = not tries
    holds = not has_goal or amplification <= MAX_AMPLIFICATION
    return [name, f"{meant}", f"{received}", f"{amplification:.3f}", f"{100 * served / max(1, meant):.1f} %",
            f"{1000 * p99(results):.0f} ms", f"{MAX_AMPLIFICATION:.2f}" if has_goal else "", "yes" if holds else "NO"], holds


CONTESTANTS = [("nothing: tries most 1", "    tries: { most: 1 }", 1), ("clients: three times at once, without a budget", "    tries: { most: 1 }", 3),
               ("Weir: its default", "", 1)]

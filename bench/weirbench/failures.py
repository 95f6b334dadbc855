"""One of three engines fails while the others can hold the load, and two of three while bulk exceeds what is left."""

import asyncio
import tempfile
import time

from .engines import EngineProcess, Weir, at
from .open_loop import Clients, p99, why

POLICY = """  - name: model
    endpoints: [{endpoints}]
    capacity: {{ requests: {requests} }}
    health: {{ every: 500ms, timeout: 400ms, fall: 2, rise: 2 }}
    ejection: {{ failures: 3, duration: 2s }}
    slow_start: 5s
    timeouts: {{ first_byte: 1s, whole_answer: 1s, idle: 1s }}"""

CLASSES = """  - name: direct
    match: { path: "/v1/chat/*" }
    backend: model
    priority: high
    queue_timeout: 3s
    queue: 200
  - name: bulk
    match: any
    backend: model
    priority: sheddable
    queue_timeout: 1s"""

# How it fails, what begins that, and what ends it.
CASES = {
    "stopped": (EngineProcess.pause, EngineProcess.resume),
    "killed": (EngineProcess.kill, EngineProcess.start),
    "answers 500": (lambda engine: engine.control("500"), lambda engine: engine.control("serve")),
    "answers 429": (lambda engine: engine.control("429"), lambda engine: engine.control("serve")),
    "hangs after its head": (lambda engine: engine.control("hang"), lambda engine: engine.control("serve")),
    "resets every third": (lambda engine: engine.control("reset"), lambda engine: engine.control("serve")),
}
HEAD = ["one of three", "requests", "lost in flight", "lost later", "share", "why", "tries over budget", "p99 before",
        "p99 of the rest", "ratio", "moved", "slowest moved", "used again after", "share in its first second", "holds"]
LOST_HEAD = ["two of three killed", "direct: sent", "served", "lost", "tries over budget", "p99 before", "p99 after",
             "bulk: sent", "served", "holds"]
RATE, SLOTS = 150, 8
OVER_BUDGET = "weir_tries_over_budget_total"


def measured(results, failed, began, ended, lost_at_once, over_budget):
    """A row of the table and whether the goals are met. `failed`: the engine's name."""
    before = [r for r in results if began - 4 < r.sent < began - 0.2]
    during = [r for r in results if began <= r.sent < ended]
    lost = [r for r in during if r.status != 200]
    elsewhere = [r for r in during if r.engine and r.engine != failed and r.sent >= began + 0.2]
    rest, moved = [r for r in elsewhere if r.tries == 1], [r for r in elsewhere if r.tries > 1]
    used = min((r.sent for r in results if r.sent >= ended and r.engine == failed and r.status == 200), default=None)
    first = [r for r in results if used is not None and used <= r.sent < used + 1]
    share = sum(r.engine == failed for r in first) / len(first) if first else 0.0
    ratio = p99(rest) / p99(before) if p99(before) else 0.0
    lost_share = len(lost) / len(during) if during else 1.0
    holds = lost_share < 0.005 and ratio <= 1.2 and used is not None and used - ended < 5 and share <= 1 / 3
    return [f"{len(during)}", f"{lost_at_once}", f"{len(lost)}", f"{100 * lost_share:.2f} %", why(lost),
            f"{over_budget:.0f}", f"{1000 * p99(before):.0f} ms", f"{1000 * p99(rest):.0f} ms", f"{ratio:.2f}",
            f"{len(moved)}", f"{1000 * max((r.took for r in moved), default=0):.0f} ms",
            "never" if used is None else f"{used - ended:.1f} s", f"{100 * share:.0f} %",
            "yes" if holds else "NO"], holds


def start(options, directory, requests):
    engines = [EngineProcess(name, directory, arguments=["--seed", options.seed]) for name in "abc"]
    endpoints = ", ".join(engine.url for engine in engines)
    return engines, Weir(options, directory, POLICY.format(endpoints=endpoints, requests=requests), CLASSES)


def one_fails(options, case):
    fail, come_back = CASES[case]
    calm, after = min(5, options.seconds), max(3, min(12, 1.2 * options.seconds))
    times = {}

    def change(name, step, engine):
        def run():
            times[name] = time.monotonic()
            step(engine)
        return run

    async def load(port, engine):
        clients = Clients(port)
        steps = [asyncio.create_task(at(calm, change("failed", fail, engine))),
                 asyncio.create_task(at(calm + options.seconds, change("back", come_back, engine)))]
        await clients.constant_rate(RATE, calm + options.seconds + after)
        await asyncio.gather(*steps)
        return clients.results

    with tempfile.TemporaryDirectory(prefix="weir-backends-") as directory:
        engines, weir = start(options, directory, SLOTS)
        try:
            results = asyncio.run(load(weir.port, engines[1]))
            over_budget = weir.counted(OVER_BUDGET)
        finally:
            for process in (*engines, weir):
                process.stop()
    in_flight = sum(r.status != 200 for r in results if r.sent < times["failed"])
    row, holds = measured(results, engines[1].name, times["failed"], times["back"], in_flight, over_budget)
    return [case, *row], holds


def two_are_lost(options):
    """4 slots each: 53 requests/s an engine. Direct users ask for 30, bulk for ten times what one engine can."""
    calm, times = min(4, options.seconds), {}

    async def load(weir, engines):
        clients = Clients(weir.port)

        def kill():
            times["failed"] = time.monotonic()
            for engine in engines[:2]:
                engine.die()
            for engine in engines[:2]:
                engine.kill()
        step = asyncio.create_task(at(calm, kill))
        await asyncio.gather(clients.constant_rate(30, calm + options.seconds),
                             clients.constant_rate(530, calm + options.seconds, "/bulk"))
        await step
        return clients.results

    with tempfile.TemporaryDirectory(prefix="weir-backends-") as directory:
        engines, weir = start(options, directory, 4)
        try:
            results = asyncio.run(load(weir, engines))
            over_budget = weir.counted(OVER_BUDGET)
        finally:
            for process in (*engines, weir):
                process.stop()
    after = [r for r in results if r.sent >= times["failed"]]
    direct = [r for r in after if r.path != "/bulk"]
    bulk = [r for r in after if r.path == "/bulk"]
    served = sum(r.status == 200 for r in direct)
    holds = served == len(direct) > 0
    before = [r for r in results if r.sent < times["failed"] and r.path != "/bulk"]
    return ["beside 10x bulk", f"{len(direct)}", f"{100 * served / max(1, len(direct)):.2f} %", why(direct),
            f"{over_budget:.0f}", f"{1000 * p99(before):.0f} ms", f"{1000 * p99(direct):.0f} ms", f"{len(bulk)}",
            f"{sum(r.status == 200 for r in bulk)}", "yes" if holds else "NO"], holds

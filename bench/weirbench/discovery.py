"""Endpoints behind one name come and go under load."""

import asyncio
import sys
import tempfile
import time

from . import processes
from .engines import EngineProcess, Weir, at
from .open_loop import Clients

sys.path.append(str(processes.ROOT / "tests"))
from support.name_server import NameServer  # noqa: E402

TTL_S, RATE, NAME = 1, 150, "engines.bench"
HEAD = ["endpoints", "requests", "failed", "new ones used after, at most", "gone ones unused after", "goal", "holds"]
POLICY = """  - name: model
    endpoints: {{ dns: "{name}:{port}", servers: ["{server}"] }}
    capacity: {{ requests: 16 }}
    slow_start: 0s"""
CLASSES = """  - name: everyone
    match: any
    backend: model"""


async def load(port, change, seconds):
    clients = Clients(port)
    steps = [asyncio.create_task(at(seconds, lambda: change(6))),
             asyncio.create_task(at(2 * seconds, lambda: change(2)))]
    await clients.constant_rate(RATE, 3 * seconds)
    await asyncio.gather(*steps)
    return clients.results


def row_of(results, names, changes):
    """`changes`: when there were 6 and when there were 2."""
    grown, shrunk = changes
    firsts = [min((r.sent for r in results if r.engine == name and r.sent >= grown), default=None)
              for name in names[3:]]
    used = None if None in firsts else max(firsts) - grown
    unused = max((r.sent for r in results if r.engine in names[2:] and r.sent >= shrunk), default=shrunk) - shrunk
    failed = sum(r.status != 200 for r in results)
    holds = failed == 0 and used is not None and used <= TTL_S + 1 and unused <= TTL_S + 1
    return ["3, then 6, then 2", f"{len(results)}", f"{failed}", "never" if used is None else f"{used:.2f} s",
            f"{unused:.2f} s", f"TTL + 1 s = {TTL_S + 1} s", "yes" if holds else "NO"], holds


def comes_and_goes(options):
    names, changes = NameServer(ttl=TTL_S), []
    with tempfile.TemporaryDirectory(prefix="weir-backends-") as directory:
        started = []
        try:
            port = processes.free_ports(1)[0]
            for i in range(1, 7):
                started.append(EngineProcess(f"e{i}", directory, f"127.0.0.{i}", port, ["--seed", options.seed]))
            engines = list(started)

            def point_at(count):
                changes.append(time.monotonic())
                names.records[NAME] = [engine.host for engine in engines[:count]]
            point_at(3)
            started.append(Weir(options, directory, POLICY.format(name=NAME, port=port, server=names.address), CLASSES))
            results = asyncio.run(load(started[-1].port, point_at, max(TTL_S + 1.5, options.seconds / 2)))
        finally:
            for process in started:
                process.stop()
            names.stop()
    return row_of(results, [engine.name for engine in engines], changes[1:])

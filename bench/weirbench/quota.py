"""A provider with a quota that it does not tell: what Weir learns of it, beside a fixed cool-down."""

import asyncio
import multiprocessing
import tempfile
import time

from . import processes
from .engines import EngineProcess, Weir
from .open_loop import Clients

HEAD = ["quota", "gateway", "provider: 429", "customers: 429 or lost", "ratio", "used after warm-up", "high: sent",
        "lost", "low: served", "holds"]
POLICY = """  - name: provider
    endpoints: [{endpoint}]
    capacity: {{ requests: {{ learn: true, from: quota }} }}"""
CLASSES = """  - name: high
    match: { path: "/v1/*" }
    backend: provider
    priority: high
    queue: 2000
    queue_timeout: 2m
  - name: low
    match: any
    backend: provider
    priority: low
    queue: 2000
    queue_timeout: 2m"""
# The quota, how the provider is started, what it serves in a second, and how long customers of the higher class pause.
QUOTAS = {
    "100 a second, burst 10": (["--rate", 100, "--burst", 10], 100.0, 1.0),
    "32 at once": (["--at-once", 32], 32.0, 4.0),
}
LOW, HIGH, COOL_DOWN_S = 400, 80, 1.0
HIGH_PATH = "/v1/chat/completions"


async def cool_down_proxy(port, upstream):
    """Sends nothing to the provider for a while after a 429, and answers 429 itself meanwhile."""
    clients, until = Clients(upstream), 0.0

    async def serve(reader, writer):
        nonlocal until
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await reader.readexactly(int(head.lower().split("content-length:")[1].split("\r\n")[0]))
                status = 429
                if time.monotonic() >= until:
                    status = await clients.ask()
                    clients.results.clear()
                    if status == 429:
                        until = time.monotonic() + COOL_DOWN_S
                writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 2\r\n\r\n{}" % (status or 502))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


class CoolDown:
    def __init__(self, upstream):
        self.port = processes.free_ports(1)[0]
        self._process = multiprocessing.Process(target=lambda: asyncio.run(cool_down_proxy(self.port, upstream)),
                                                daemon=True)
        self._process.start()
        while not processes.port_is_taken(self.port):
            time.sleep(0.02)

    def stop(self):
        self._process.terminate()
        self._process.join()


async def load(port, provider, think, warm_up, seconds):
    """The results, and what the provider counted at the end of the warm-up and at the end."""
    clients, counts = Clients(port), []
    until = time.monotonic() + warm_up + seconds

    async def watch():
        await asyncio.sleep(warm_up)
        counts.append((time.monotonic(), await asyncio.to_thread(provider.control)))
        await asyncio.sleep(seconds)
        counts.append((time.monotonic(), await asyncio.to_thread(provider.control)))
    await asyncio.gather(clients.constant_number(LOW, until, "/bulk"),
                         clients.constant_number(HIGH, until, HIGH_PATH, think), watch())
    return clients.results, counts


def learned(options, quota, gateway):
    arguments, most, think = QUOTAS[quota]
    warm_up = 20 if options.seconds >= 10 else options.seconds
    with tempfile.TemporaryDirectory(prefix="weir-backends-") as directory:
        provider = EngineProcess("provider", directory,
                                 arguments=["--service", 0.5, 1.5, "--seed", options.seed, *arguments])
        front = None
        try:
            if gateway == "cool-down":
                front = CoolDown(provider.port)
            else:
                front = Weir(options, directory, POLICY.format(endpoint=provider.url), CLASSES)
            results, counts = asyncio.run(load(front.port, provider, think, warm_up, 2 * options.seconds))
        finally:
            if front:
                front.stop()
            provider.stop()
    (began, first), (ended, last) = counts
    what = "busy_s" if "--at-once" in arguments else "served"
    used = (last[what] - first[what]) / (ended - began) / most
    lost = [r for r in results if r.status != 200]
    high = [r for r in results if r.path == HIGH_PATH]
    high_lost = sum(r.status != 200 for r in high)
    ratio = len(lost) / max(1, last["refused"])
    holds = gateway == "cool-down" or (ratio <= 1.05 and used >= 0.95 and high_lost == 0)
    return [quota, gateway, f"{last['refused']}", f"{len(lost)}", f"{ratio:.2f}", f"{100 * used:.1f} %", f"{len(high)}",
            f"{high_lost}", f"{sum(r.status == 200 for r in results if r.path != HIGH_PATH)}",
            "" if gateway == "cool-down" else "yes" if holds else "NO"], holds

"""Clients of bench/backends: requests at a constant rate, however long answers take, or a constant number."""

import asyncio
import time
from collections import Counter
from typing import NamedTuple

BODY = b'{"model":"m","messages":[{"role":"user","content":"Say ok."}],"max_tokens":16}'
TIMEOUT_S = 150


class Result(NamedTuple):
    sent: float      # seconds on the monotonic clock
    took: float
    status: int      # 0: no whole answer
    engine: str      # the one that answered; empty if none did
    path: str
    reason: str      # Weir's, of an answer of its own
    tries: int = 1   # as Weir counts them


def request(path):
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"
    return f"{head}\r\n\r\n".encode() + BODY


class Connection(asyncio.Protocol):
    """One request at a time; `done` gets status, engine, reason and tries: status 0 if the connection ends earlier."""

    def connection_made(self, transport):
        self.transport, self.input, self.done, self.open = transport, b"", None, True

    def send(self, message):
        self.done, self.input = asyncio.get_running_loop().create_future(), b""
        self.transport.write(message)
        return self.done

    def data_received(self, data):
        self.input += data
        end = self.input.find(b"\r\n\r\n")
        if end < 0 or self.done is None:
            return
        fields = dict(line.lower().split(": ", 1) for line in self.input[:end].decode("latin-1").split("\r\n")[1:])
        if "content-length" in fields:
            whole = len(self.input) >= end + 4 + int(fields["content-length"])
        else:
            whole = self.input.endswith(b"0\r\n\r\n")
        if whole:
            self.open = fields.get("connection") != "close"
            self.finish(int(self.input[9:12]), fields.get("x-engine", ""), fields.get("x-weir-decision", ""),
                        int(fields.get("x-weir-attempts", "1")))

    def connection_lost(self, _):
        self.open = False
        self.finish(0, "", "", 1)

    def finish(self, *outcome):
        if self.done and not self.done.done():
            self.done.set_result(outcome)


class Clients:
    """Connections to one port of 127.0.0.1, used again after whole answers. Results are added to `results`."""

    def __init__(self, port):
        self.port, self.results, self._idle = port, [], []

    async def ask(self, path="/v1/chat/completions"):
        began = time.monotonic()
        status, engine, reason, tries = 0, "", "", 1
        try:
            connection = await self._connection()
            status, engine, reason, tries = await asyncio.wait_for(connection.send(request(path)), TIMEOUT_S)
            if connection.open and status:
                self._idle.append(connection)
            else:
                connection.transport.close()
        except (OSError, asyncio.TimeoutError):
            pass
        self.results.append(Result(began, time.monotonic() - began, status, engine, path, reason, tries))
        return status

    async def _connection(self):
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        return connection

    async def constant_rate(self, rate, seconds, path="/v1/chat/completions", ask=None):
        """Sends at `rate` a second, and waits for the last answers. `ask`: instead of one ask() each."""
        ask = ask or self.ask
        began, running, sent = time.monotonic(), set(), 0
        while (now := time.monotonic() - began) < seconds:
            while sent < now * rate:
                task = asyncio.create_task(ask(path))
                running.add(task)
                task.add_done_callback(running.discard)
                sent += 1
            await asyncio.sleep(0.002)
        if running:
            await asyncio.wait(running, timeout=20)

    async def constant_number(self, count, until, path, think=0.0):
        """`count` clients, each with one request at a time, a pause of a second after a refusal and `think` else."""
        async def client(number):
            # Spread over the first second, as clients are.
            await asyncio.sleep(max(think, 0.5) * number / count)
            while time.monotonic() < until:
                status = await self.ask(path)
                await asyncio.sleep(think if status == 200 else 1.0)
        tasks = [asyncio.create_task(client(number)) for number in range(count)]
        await asyncio.sleep(max(0, until - time.monotonic()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def why(results):
    """The statuses and reasons of those that were not served, each with its number."""
    counts = Counter(f"{r.status or 'no whole answer'} {r.reason}".strip() for r in results if r.status != 200)
    return ", ".join(f"{reason}: {count}" for reason, count in counts.most_common()) or "none"


def p99(results):
    """Of the requests that were served, in seconds; 0 without any."""
    times = sorted(result.took for result in results if result.status == 200)
    return times[min(len(times) - 1, int(len(times) * 0.99))] if times else 0.0

"""An engine that fails as it is asked to: a program of its own, so that it can be stopped and killed.

  engine.py --port 0 --name a --service 0.05 0.1
  engine.py --port 0 --name provider --rate 100 --burst 10    # a quota: what exceeds it is answered 429

GET /control?mode=MODE changes how requests are answered from now on, and returns what was counted so far. Modes:
`serve`; a status, such as `500`, at once; `hang`: a head and the first bytes of a body, then silence; `reset`: every
third request is reset; `brown`: answers take five times as long and 30 % of them are 503. GET /health is always
answered 200."""

import argparse
import asyncio
import json
import random
import socket
import struct
import time
import urllib.request

BODY = b'{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"}}]}'


class Quota:
    """A token bucket, or a limit on requests at once, or neither."""

    def __init__(self, rate, burst, at_once):
        self.rate, self.burst, self.at_once = rate, burst, at_once
        self.inflight = 0
        self._tokens, self._last = burst, time.monotonic()

    def passes(self):
        if self.at_once:
            return self.inflight < self.at_once
        if not self.rate:
            return True
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._last) * self.rate)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Engine:
    def __init__(self, options):
        self.name, self.service = options.name, options.service
        self.mode = "serve"
        self.quota = Quota(options.rate, options.burst, options.at_once)
        self.random = random.Random(f"{options.seed} {options.name}")
        self.counts = {"received": 0, "served": 0, "refused": 0, "busy_s": 0.0}

    def answer(self, status, body, *fields):
        head = [f"HTTP/1.1 {status} x", "content-type: application/json", f"content-length: {len(body)}",
                f"x-engine: {self.name}", *fields]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def control(self, target):
        if "mode=" in target:
            self.mode = target.split("mode=")[1]
        return self.answer(200, json.dumps(self.counts).encode())

    async def serve(self, transport):
        """Answers one request on `transport`."""
        self.counts["received"] += 1
        mode = self.mode
        if mode.isdigit():
            return transport.write(self.answer(int(mode), b"{}"))
        if mode == "reset" and self.counts["received"] % 3 == 0:
            return reset(transport)
        if mode == "hang":
            return transport.write(self.answer(200, BODY)[:-len(BODY) + 8])
        if not self.quota.passes():
            self.counts["refused"] += 1
            return transport.write(self.answer(429, b"{}", "retry-after: 1"))
        self.quota.inflight += 1
        took = self.random.uniform(*self.service) * (5 if mode == "brown" else 1)
        await asyncio.sleep(took)
        self.quota.inflight -= 1
        if mode == "brown" and self.random.random() < 0.3:
            return transport.write(self.answer(503, b"{}"))
        self.counts["served"] += 1
        self.counts["busy_s"] += took
        return transport.write(self.answer(200, BODY))


def reset(transport):
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Connection(asyncio.Protocol):
    def __init__(self, engine):
        self.engine, self.input, self.running = engine, b"", set()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.input += data
        while True:
            end = self.input.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.input[:end].decode("latin-1")
            at = head.lower().find("content-length:")
            whole = end + 4 + (int(head[at + 15:].split("\r\n")[0]) if at >= 0 else 0)
            if len(self.input) < whole:
                return
            self.input = self.input[whole:]
            self.request(head.split(" ", 2)[1])

    def request(self, target):
        if target.startswith("/control"):
            self.transport.write(self.engine.control(target))
        elif target.startswith("/health"):
            self.transport.write(self.engine.answer(200, b"ok"))
        else:
            task = asyncio.ensure_future(self.engine.serve(self.transport))
            self.running.add(task)
            task.add_done_callback(self.running.discard)


def control(host, port, mode=None):
    """Changes the mode of a running engine, unless it is None. Returns what it counted."""
    query = f"?mode={mode}" if mode else ""
    with urllib.request.urlopen(f"http://{host}:{port}/control{query}", timeout=10) as answer:
        return json.load(answer)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--name", default="engine")
    parser.add_argument("--service", type=float, nargs=2, default=[0.05, 0.1],
                        help="seconds an answer takes, from and to")
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--burst", type=float, default=1)
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    engine = Engine(options)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(engine), options.host, options.port,
                                                            backlog=1024)
    print(f"ready: {options.host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

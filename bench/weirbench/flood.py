"""The crowds of bench/faults: thousands of clients that send slowly or never read, and a backend for them."""

import asyncio
import multiprocessing
import os
import resource
import socket
import threading
import time

LARGE = 512 * 1024  # of an answer that is never read: more than the kernel holds for a small window


def _serve(port, delay):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    async def answer(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                if length:
                    await reader.readexactly(int(length[0].split(":")[1]))
                if delay.value:
                    await asyncio.sleep(delay.value)
                body = b"x" * (LARGE if " /large " in head else 2)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)
        await server.serve_forever()
    asyncio.run(main())


class Backend:
    """A process that answers after `delay.value` seconds: two bytes, or LARGE on /large."""

    def __init__(self, port, delay=0.0):
        self.delay = multiprocessing.Value("d", delay)
        self._process = multiprocessing.Process(target=_serve, args=(port, self.delay), daemon=True)
        self._process.start()

    def stop(self):
        self._process.terminate()
        self._process.join()


class Crowd:
    """`count` connections that are as slow as `kind` says until stop()."""

    BEGINNINGS = {
        "slow heads": b"GET /flood HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "slow bodies": b"POST /flood HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx",
        "readers that never read": b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
    }

    def __init__(self, kind, count, port, every=5.0):
        self.sockets = []
        self._stopping, self._going = threading.Event(), threading.Event()
        self._going.set()
        for i in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(self.BEGINNINGS[kind])
            client.setblocking(False)
            self.sockets.append(client)
            if i % 100 == 99:
                time.sleep(0.05)
        self._trickle = None
        if kind != "readers that never read":
            self._trickle = threading.Thread(target=self._send, args=(every,), daemon=True)
            self._trickle.start()

    def _send(self, every):
        """One more byte on each, spread over `every` seconds."""
        while not self._stopping.is_set():
            for client in self.sockets:
                if self._stopping.wait(every / len(self.sockets)):
                    return
                self._going.wait()
                try:
                    client.send(b"x")
                except OSError:
                    pass

    def still_open(self):
        alive = 0
        for client in self.sockets:
            try:
                alive += client.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                alive += 1
            except OSError:
                pass
        return alive

    def rest(self, resting):
        """Sends nothing for a while; the connections stay."""
        self._going.clear() if resting else self._going.set()

    def stop(self):
        self._stopping.set()
        self._going.set()
        if self._trickle:
            self._trickle.join()
        for client in self.sockets:
            client.close()


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))

"""A scripted backend that records every byte it is sent: the tripwire.

Each connection has a thread. It reads one request after the other by HTTP's rules, keeps the raw bytes, and calls
`answer(peer, request)`, which may send anything, as slowly and as wrongly as it likes. When that returns false the
connection is closed.
"""

import select
import socket
import struct
import threading
import time

from support.waiting import eventually, pause, scaled


class Request:
    def __init__(self, head, connection):
        self.head = head                      # raw, with the empty line
        self.connection = connection          # counts from 0
        self.body = b""
        self.raw_body = b""                   # with its framing
        self.at = time.monotonic()
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target, self.version = lines[0].split(" ")
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def names(self):
        return [name.lower() for name, _ in self.fields]

    @property
    def raw(self):
        return self.head + self.raw_body


class Peer:
    """One accepted connection, as a script sees it."""

    def __init__(self, backend, stream, number):
        self.backend = backend
        self.socket = stream
        self.number = number
        self.buffer = b""
        self.closed_at = None

    def send(self, data):
        self.socket.sendall(data)

    def trickle(self, data, every=0.0):
        for i in range(len(data)):
            self.send(data[i:i + 1])
            if every:
                pause(every)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        return False

    def wait_until_closed(self, within=10.0):
        """Waits for the other side to leave; returns when it did, in time.monotonic(), or None."""
        deadline = time.monotonic() + scaled(within)
        while time.monotonic() < deadline and not self.backend.stopping:
            readable, _, _ = select.select([self.socket], [], [], 0.02)
            if not readable:
                continue
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.closed_at = time.monotonic()
                return self.closed_at
            self.backend.received += len(data)
            self.buffer += data
        return None

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if data:
            self.backend.received += len(data)
        self.buffer += data
        return bool(data)

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return Request(head + b"\r\n\r\n", self.number)

    def _take(self, size):
        while len(self.buffer) < size:
            if not self._more():
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def read_body(self, request):
        """False when the connection ended first."""
        if request.get("transfer-encoding"):
            return self._read_chunks(request)
        size = int(request.get("content-length", 0))
        parts, have = [], 0
        while have < size:
            if not self.buffer and not self._more():
                request.body = request.raw_body = b"".join(parts)
                return False
            part = self.buffer[:size - have]
            self.buffer = self.buffer[len(part):]
            parts.append(part)
            have += len(part)
        request.body = request.raw_body = b"".join(parts)
        return True

    def _read_chunks(self, request):
        raw, content = [], []
        while True:
            while b"\r\n" not in self.buffer:
                if not self._more():
                    return False
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line, 16)
            data = self._take(size + 2)
            if data is None:
                return False
            raw += [line, b"\r\n", data]
            if size == 0:
                request.raw_body, request.body = b"".join(raw), b"".join(content)
                return True
            content.append(data[:-2])


def ok(peer, request):
    peer.send(reply(b"ok"))
    return True


def reply(body=b"", status="200 OK", fields=()):
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in fields]
    if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in fields):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def respond(body=b"ok", status="200 OK", fields=()):
    def answer(peer, request):
        peer.send(reply(b"" if request.method == "HEAD" else body, status,
                        [*fields, ("Content-Length", len(body))]))
        return True
    return answer


def raw(data, keep=False):
    """Sends these bytes whatever was asked, then closes, or keeps the connection."""
    def answer(peer, request):
        peer.send(data)
        return keep
    return answer


def event_stream(events, every=0.0, gap=None):
    """An SSE answer in chunks: `events` of them, `every` seconds apart; `gap(i)` is called before each."""
    def answer(peer, request):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(events):
            if gap:
                gap(i)
            event = b"data: {\"n\":%d}\n\n" % i
            peer.send(b"%x\r\n%s\r\n" % (len(event), event))
            if every:
                pause(every)
        peer.send(b"0\r\n\r\n")
        return True
    return answer


def hold(event, then=ok, within=20.0):
    """Answers once `event` is set; notices when the other side leaves before that."""
    def answer(peer, request):
        deadline = time.monotonic() + scaled(within)
        while not event.is_set() and time.monotonic() < deadline and not peer.backend.stopping:
            if peer.wait_until_closed(0.01 / scaled(1)) is not None:
                peer.backend.cancelled.append((request, peer.closed_at))
                return False
        return then(peer, request)
    return answer


class Backend:
    def __init__(self, answer=ok, tls=None, read_bodies=True, backlog=512, address=("127.0.0.1", 0)):
        self.answer = answer
        self.tls = tls
        self.read_bodies = read_bodies
        self.requests = []       # whole ones, in the order in which they ended
        self.cancelled = []      # (request, time) at which the other side gave up
        self.connections = 0
        self.received = 0        # bytes
        self.parallel = 0        # running scripts; one counts until it returns, just after its last byte is sent
        self.max_parallel = 0
        self.stopping = False
        self.faults = []         # exceptions in scripts
        self._lock = threading.Lock()
        self._peers = set()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(address)
        self._listener.listen(backlog)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.address[0]}:{self.address[1]}"

    def stop(self):
        self.stopping = True
        # shutdown() wakes accept(); close() alone would not.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            peers = list(self._peers)
        for peer in peers:
            _close(peer)

    def close_idle(self):
        """Closes every connection, as an engine does when its keep-alive runs out."""
        with self._lock:
            peers = list(self._peers)
        for peer in peers:
            _close(peer)

    def restart(self):
        """Listens again on the same address after stop()."""
        self.stopping = False
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(self.address)
        self._listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, count, within=5.0):
        """Waits until that many whole requests have arrived; returns them all."""
        eventually(lambda: len(self.requests) >= count, within)
        return self.requests

    def _accept(self):
        listener = self._listener
        while not self.stopping:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(stream, number), daemon=True).start()

    def _serve(self, stream, number):
        peer = None
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                stream = self.tls.wrap_socket(stream, server_side=True)
            peer = Peer(self, stream, number)
            with self._lock:
                self._peers.add(peer)
            while not self.stopping and self._serve_one(peer):
                pass
        except (OSError, ValueError) as error:
            if not isinstance(error, OSError):
                self.faults.append(error)
        except Exception as error:  # a script's own assertion: the test reads it
            self.faults.append(error)
        finally:
            if peer is not None:
                with self._lock:
                    self._peers.discard(peer)
            stream.close()

    def _serve_one(self, peer):
        request = peer.read_head()
        if request is None:
            return False
        with self._lock:
            self.parallel += 1
            self.max_parallel = max(self.max_parallel, self.parallel)
        try:
            if self.read_bodies:
                if not peer.read_body(request):
                    self.cancelled.append((request, time.monotonic()))
                    return False
            self.requests.append(request)
            return self.answer(peer, request)
        finally:
            with self._lock:
                self.parallel -= 1


def _close(peer):
    try:
        peer.socket.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass

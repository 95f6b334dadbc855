"""`weir mock-backend` as a process, and a backend that relays its answers in pieces."""

import http.client
import os
import random
import re
import signal
import subprocess
import threading
from pathlib import Path

from support.waiting import scaled

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEIR_BINARY", str(ROOT / "build/dev/proxy/weir"))


class Mock:
    def __init__(self, *options):
        self._process = subprocess.Popen([BINARY, "mock-backend", "--listen", "127.0.0.1:0", *options],
                                         stdout=subprocess.PIPE, text=True)
        ready = re.fullmatch(r"ready: mock-backend (127\.0\.0\.1):(\d+)\n", self._process.stdout.readline())
        assert ready
        self.address = (ready[1], int(ready[2]))
        self.url = f"http://{ready[1]}:{ready[2]}"
        self._local = threading.local()
        self._clients = []

    def stop(self):
        for client in self._clients:
            client.close()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(scaled(10))
        self._process.stdout.close()
        assert code == 0, code

    def ask(self, method, path, body=None, fields=()):
        """(status, content type, content), over a connection that each thread keeps."""
        client = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = http.client.HTTPConnection(*self.address, timeout=scaled(30))
            self._clients.append(client)
        client.request(method, path, body, {"Content-Type": "application/json", **dict(fields)})
        answer = client.getresponse()
        return answer.status, answer.getheader("content-type"), answer.read()


def in_pieces(data, rng, longest):
    """The same bytes in pieces of random sizes, often of one or two bytes."""
    pieces = []
    while data:
        size = rng.choice((1, 2, 3, 7, rng.randint(1, longest)))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def send_cut(peer, status, content_type, content, rng, fields=()):
    """An answer whose chunks and whose packets begin and end anywhere."""
    head = [f"HTTP/1.1 {status} OK", f"Content-Type: {content_type}", *(f"{n}: {v}" for n, v in fields)]
    if content_type.startswith("text/event-stream") or rng.random() < 0.5:
        head.append("Transfer-Encoding: chunked")
        content = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in in_pieces(content, rng, 200)) + b"0\r\n\r\n"
    else:
        head.append(f"Content-Length: {len(content)}")
    for piece in in_pieces(("\r\n".join(head) + "\r\n\r\n").encode() + content, random.Random(rng.random()), 4000):
        peer.send(piece)

"""Faults to put on either side of a Weir.

Backends are answers for support.backend.Backend, or addresses that do not respond; clients are functions of a Client;
`Preload` makes the process under test run out of memory, or its clock jump.
"""

import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from support.backend import reply
from support.process import free_port
from support.waiting import pause
from support.wire import format_request

SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"9\r\ndata: 1\n\n\r\n"


# Backends

def refusing():
    """An address without a listener."""
    return "127.0.0.1", free_port()


class Blackhole:
    """An address whose backlog is full: the kernel drops further connects, so none ever succeeds or fails."""

    def __init__(self):
        self._sockets = [socket.create_server(("127.0.0.1", 0), backlog=0)]
        self.address = self._sockets[0].getsockname()
        for _ in range(4):
            stuffing = socket.socket()
            stuffing.setblocking(False)
            stuffing.connect_ex(self.address)
            self._sockets.append(stuffing)

    def close(self):
        for each in self._sockets:
            each.close()


class Wedged:
    """A server in a process of its own, that can be stopped, as by a debugger or a failing GPU driver."""

    PROGRAM = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *args): pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args): pass
server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, "-c", self.PROGRAM], stdout=subprocess.PIPE, text=True)
        self.address = ("127.0.0.1", int(self._process.stdout.readline()))

    def wedge(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def reset_after(data):
    """Sends these bytes, then resets the connection."""
    def answer(peer, request):
        peer.send(data)
        return peer.reset()
    return answer


def half_close_after(data):
    """Sends these bytes and its FIN, then keeps reading."""
    def answer(peer, request):
        peer.send(data)
        peer.socket.shutdown(socket.SHUT_WR)
        peer.wait_until_closed(1)
        return False
    return answer


def trickle(data, every=0.0):
    def answer(peer, request):
        peer.trickle(data, every)
        return True
    return answer


def lie_about_length(claimed, body):
    """Claims `claimed` bytes and sends these."""
    def answer(peer, request):
        peer.send(reply(body, fields=[("Content-Length", claimed)]))
        return False
    return answer


def heartbeats(count, every):
    """An event stream of comments, then one event."""
    def answer(peer, request):
        peer.send(SSE_HEAD)
        for _ in range(count):
            pause(every)
            peer.send(b"3\r\n:\n\n\r\n")
        peer.send(EVENT + b"0\r\n\r\n")
        return True
    return answer


# Clients

def send_half_a_head(client):
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")


def send_half_a_body(client, length=1000):
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nhalf" % length)


def ask_and_never_read(client, target="/"):
    client.send(format_request(target=target))


# The process

class Preload:
    """A library preloaded into the process that fails allocations of its workers and shifts its wall clock on request."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="weir-preload-")
        folder = Path(self._folder.name)
        library, control = folder / "faults.so", folder / "control"
        source = Path(__file__).with_name("faults_preload.cpp")
        subprocess.run([shutil.which("c++") or "g++", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        control.write_bytes(bytes(4096))
        self._file = open(control, "r+b")
        self._page = mmap.mmap(self._file.fileno(), 4096)
        self.env = {"LD_PRELOAD": str(library), "WEIR_TEST_FAULTS": str(control)}

    def fail_allocation(self, number):
        """The allocation that a worker makes after this many more fails, once; 0: none."""
        self._page[0:8] = struct.pack("q", number)

    def has_failed(self):
        return struct.unpack("q", self._page[0:8])[0] == 0

    def shift_clock(self, seconds):
        self._page[8:16] = struct.pack("q", seconds)

    def stall(self, milliseconds):
        """The next allocation of a worker takes that long."""
        self._page[16:24] = struct.pack("q", milliseconds)

    def close(self):
        self._page.close()
        self._file.close()
        self._folder.cleanup()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def lowest_free_descriptor(pid):
    """Its next descriptor; as a limit of the process, it allows no more."""
    taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    return next(number for number in range(len(taken) + 1) if number not in taken)

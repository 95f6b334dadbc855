"""A backend that reads as a lenient server might, and records it: what it reads as a whole request, a smuggler has
executed.

It answers each whole request with 200 and keeps the connection, so that bytes left over from one become the
next. Answers can be scripted as raw bytes instead.
"""

import re
import socket
import threading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Seen:
    """One request as it was read."""

    def __init__(self, head, connection):
        self.head = head
        self.connection = connection
        self.body = b""
        self.raw_body = b""
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        words = self.line.split(" ")
        self.method, self.target = words[0], words[1] if len(words) > 1 else ""
        self.lines = [line for line in lines[1:] if line]
        self.fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in self.lines)]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    @property
    def raw(self):
        return self.head + self.raw_body

    def is_canonical(self):
        """Whether no two servers can disagree about its meaning."""
        lengths, encodings = self.all("content-length"), self.all("transfer-encoding")
        names = [name for name, _ in self.fields]
        return (re.fullmatch(r"[!-~]+ [!-~]+ HTTP/1\.[01]", self.line) is not None
                and all(re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*", line) for line in self.lines)
                and len(lengths) + len(encodings) <= 1 and len(self.all("host")) == 1
                and [encoding.lower() for encoding in encodings] in ([], ["chunked"]) and all(re.fullmatch(r"\d{1,19}", length) for length in lengths)
                and not any(name.lower() in ("transfer_encoding", "content_length") for name in names))


class Tripwire:
    def __init__(self):
        self.requests = []
        self.answer = None          # bytes to send instead of OK; then the connection is closed unless `keep`
        self.keep = False
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    def script(self, answer=None, keep=False):
        self.answer, self.keep = answer, keep
        self.requests.clear()

    def _accept(self):
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(stream, self.connections), daemon=True).start()

    def _serve(self, stream, number):
        reader = stream.makefile("rb")
        try:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._serve_one(stream, reader, number):
                pass
        except (OSError, ValueError, OverflowError):
            pass
        finally:
            reader.close()
            stream.close()

    def _serve_one(self, stream, reader, number):
        head = _read_head(reader)
        if not head:
            return False
        seen = Seen(head, number)
        if not _read_body(reader, seen):
            return False
        self.requests.append(seen)
        stream.sendall(OK if self.answer is None else self.answer)
        return self.answer is None or self.keep


def _read_head(reader):
    head = b""
    while True:
        line = reader.readline(1 << 20)
        if not line:
            return b""
        if not head and line in (b"\r\n", b"\n"):
            continue
        head += line
        if line in (b"\r\n", b"\n"):
            return head


def _read_body(reader, seen):
    """False if what arrived is incomplete."""
    if any("chunked" in value.lower() for value in seen.all("transfer-encoding")):
        return _read_chunks(reader, seen)
    lengths = seen.all("content-length")
    if lengths:
        size = int(re.match(r"\s*[+]?(\d+)", lengths[-1]).group(1)) if re.match(r"\s*[+]?\d+", lengths[-1]) else 0
        seen.body = seen.raw_body = reader.read(size)
        return len(seen.body) == size
    return True


def _read_chunks(reader, seen):
    while True:
        line = reader.readline(1 << 16)
        size = re.match(rb"\s*(?:0x)?([0-9a-fA-F]+)", line)
        if not size:
            return False
        data = reader.read(int(size.group(1), 16))
        seen.raw_body += line + data
        seen.body += data
        if not data:
            break
        end = reader.readline(1 << 16)
        seen.raw_body += end
    while True:
        line = reader.readline(1 << 16)
        if not line:
            return False
        seen.raw_body += line
        if line in (b"\r\n", b"\n"):
            return True

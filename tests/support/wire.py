"""An HTTP/1.1 client that sends exactly the given bytes, and reports exactly how an answer ended.

Libraries repair what they read; a test of framing must not. An answer is `complete` only when its framing says so.
"""

import socket
import struct
import time

from support.waiting import scaled


class Response:
    def __init__(self, status, reason, version, fields):
        self.status = status
        self.reason = reason
        self.version = version
        self.fields = fields      # (name, value) in order, names as they came
        self.interim = []         # the 1xx answers that came before
        self.body = b""
        self.trailers = []
        self.complete = False     # False: the connection ended before the body did
        self.close_delimited = False
        self.head_at = 0.0        # time.monotonic() when the head was there
        self.first_body_at = None

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __repr__(self):
        return f"<{self.status} {self.get('x-weir-decision', '')} {len(self.body)} bytes complete={self.complete}>"


class Closed(Exception):
    """The connection ended before an answer's head did."""


class Client:
    def __init__(self, address, tls=None, server_name=None, timeout=10.0, receive_buffer=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(scaled(timeout))
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = b""
        self.ended = False   # the peer has closed, cleanly or not
        self.broken = False  # not cleanly

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Sending

    def send(self, data):
        self.socket.sendall(data)
        return self

    def try_send(self, data):
        """Sends as much as the peer accepts: it may have answered and closed already."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass
        return self

    def request(self, method="GET", target="/", fields=(), body=None, **options):
        self.send(format_request(method, target, fields, body))
        return self.response(to_head=method == "HEAD", **options)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Reading

    def _more(self):
        """Reads once. False at the end."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(262144)
        except TimeoutError:
            raise
        except OSError:
            data = b""
            self.broken = True
        if not data:
            self.ended = True
            return False
        self.buffer += data
        return True

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                return None
        text, _, self.buffer = self.buffer.partition(mark)
        return text

    def _exactly(self, size):
        while len(self.buffer) < size:
            if not self._more():
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def head(self):
        """The next head, with the interim ones in its `interim`."""
        interim = []
        while True:
            text = self._until(b"\r\n\r\n")
            if text is None:
                raise Closed(f"closed with {self.buffer[:200]!r} instead of a head")
            lines = text.decode("latin-1").split("\r\n")
            version, status, *reason = lines[0].split(" ", 2)
            fields = []
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                if not colon or name != name.strip():
                    raise AssertionError(f"not a field: {line!r}")
                fields.append((name, value.strip()))
            head = Response(int(status), "".join(reason), version, fields)
            head.head_at = time.monotonic()
            if 100 <= head.status < 200 and head.status != 101:
                interim.append(head)
                continue
            head.interim = interim
            return head

    def response(self, to_head=False):
        answer = self.head()
        encodings, lengths = answer.all("transfer-encoding"), answer.all("content-length")
        if to_head or answer.status in (204, 304):
            answer.complete = True
        elif encodings:
            assert encodings == ["chunked"] and not lengths, answer.fields
            self._read_chunks(answer)
        elif lengths:
            assert len(lengths) == 1, answer.fields
            self._read_length(answer, int(lengths[0]))
        else:
            answer.close_delimited = True
            while self._more():
                pass
            answer.body, self.buffer = self.buffer, b""
            answer.complete = True
        return answer

    def _read_length(self, answer, length):
        parts, left = [], length
        while left > 0:
            if not self.buffer and not self._more():
                break
            part, self.buffer = self.buffer[:left], self.buffer[left:]
            parts.append(part)
            left -= len(part)
        answer.body = b"".join(parts)
        answer.complete = left == 0

    def _read_chunks(self, answer):
        parts = []
        for chunk in self.chunks(answer):
            parts.append(chunk)
        answer.body = b"".join(parts)

    def chunks(self, answer):
        """The content of each chunk as it comes, for streams; sets `complete` after the last."""
        while True:
            size = self._until(b"\r\n")
            if size is None:
                return
            assert all(c in b"0123456789abcdefABCDEF" for c in size) and size, f"chunk size {size!r}"
            if int(size, 16) == 0:
                while True:
                    line = self._until(b"\r\n")
                    if line is None:
                        return
                    if not line:
                        break
                    answer.trailers.append(line)
                answer.complete = True
                return
            data = self._exactly(int(size, 16) + 2)
            if data is None:
                return
            assert data.endswith(b"\r\n"), data[-20:]
            if answer.first_body_at is None:
                answer.first_body_at = time.monotonic()
            yield data[:-2]

    def is_closed(self, within=2.0):
        """Whether the peer closes without sending anything more."""
        if self.buffer:
            return False
        self.socket.settimeout(scaled(within))
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


def format_request(method="GET", target="/", fields=(), body=None):
    names = {name.lower() for name, _ in fields}
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in names:
        lines.append("Host: weir.test")
    lines += [f"{name}: {value}" for name, value in fields]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def chunked(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


def exchange(address, data, to_head=False, **options):
    """One connection, these bytes, the answer to the first request."""
    with Client(address, **options) as client:
        client.try_send(data)
        return client.response(to_head=to_head)

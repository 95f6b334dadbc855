"""A DNS server on 127.0.0.1 that answers what a test tells it to (RFC 1035, RFC 2782)."""

import ipaddress
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33


def _name(text):
    labels = [label for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


class NameServer:
    """`records[name]` is a list of addresses, or of (priority, weight, port, target); None: no answer at all. Names in
    `failing` are answered SERVFAIL."""

    def __init__(self, ttl=1):
        self.records = {}
        self.failing = set()
        self.ttl = ttl
        self.questions = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def stop(self):
        # A closed socket does not wake its reader.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, asker = self._socket.recvfrom(4096)
            if not query:
                return
            answer = self._answer(query)
            if answer is not None:
                self._socket.sendto(answer, asker)

    def _answer(self, query):
        name, at = self._question(query)
        kind = struct.unpack("!H", query[at:at + 2])[0]
        self.questions.append((name, kind))
        known = self.records.get(name, [])
        if known is None:
            return None
        data = [one for one in (self._data(record, kind) for record in known) if one]
        code = 2 if name in self.failing else 0 if name in self.records else 3
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(data), 0, 0)
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl, len(one)) + one for one in data)
        return head + query[12:at + 4] + answers

    @staticmethod
    def _question(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        return ".".join(labels).lower(), at + 1

    @staticmethod
    def _data(record, kind):
        if isinstance(record, tuple):
            return struct.pack("!HHH", *record[:3]) + _name(record[3]) if kind == SRV else None
        address = ipaddress.ip_address(record)
        return address.packed if kind == (A if address.version == 4 else AAAA) else None

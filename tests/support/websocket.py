"""WebSocket (RFC 6455) for tests: a client and a server side that send exactly the given bytes, whole or in pieces."""

import base64
import hashlib
import json
import os
import struct

from support.policy import small_policy
from support.process import WeirTest

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def frame(opcode, payload=b"", mask=None, final=True):
    """`mask`: four bytes, for what a client sends."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload)
    head = bytes([(0x80 if final else 0) | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if mask:
        repeated = (mask * (size // 4 + 1))[:size]
        payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        head += mask
    return head + payload


def handshake(path="/v1/realtime", fields=(), key="dGhlIHNhbXBsZSBub25jZQ=="):
    lines = [f"GET {path} HTTP/1.1", "Host: weir.test", "Connection: Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Closed(Exception):
    """The connection ended instead of a frame."""


class End:
    """One end of an open connection; `take(size)` reads that many bytes or returns None."""

    def __init__(self, send, take, masks):
        self.send = send
        self._take = take
        self._masks = masks

    def send_frame(self, opcode, payload=b"", final=True):
        self.send(frame(opcode, payload, os.urandom(4) if self._masks else None, final))

    def send_event(self, type, **members):
        self.send_frame(TEXT, json.dumps({"type": type, **members}))

    def frame(self):
        """(opcode, payload, final) of the next frame."""
        head = self._exactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack(">H", self._exactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._exactly(8))[0]
        masked = bool(head[1] & 0x80)
        assert masked != self._masks, "a frame with the wrong masking"
        assert not head[0] & 0x70, "a reserved bit"
        mask = self._exactly(4) if masked else b"\0\0\0\0"
        data = self._exactly(size)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)) if masked else data
        return head[0] & 0x0F, payload, bool(head[0] & 0x80)

    def message(self):
        """(opcode, payload) of the next whole message or control frame."""
        opcode, payload, final = self.frame()
        parts = [payload]
        while not final:
            _, payload, final = self.frame()
            parts.append(payload)
        return opcode, b"".join(parts)

    def event(self):
        opcode, payload = self.message()
        assert opcode == TEXT, (opcode, payload)
        return json.loads(payload)

    def events_until(self, type):
        events = [self.event()]
        while events[-1]["type"] != type:
            events.append(self.event())
        return events

    def _exactly(self, size):
        data = b"" if size == 0 else self._take(size)
        if data is None:
            raise Closed()
        return data


def connect(client, path="/v1/realtime", fields=()):
    """Performs the handshake over a support.wire.Client; returns the answer, and the connection after a 101."""
    client.send(handshake(path, fields))
    answer = client.head()
    if answer.status != 101:
        return answer, None
    assert answer.get("sec-websocket-accept") == accept_key("dGhlIHNhbXBsZSBub25jZQ=="), answer.fields
    return answer, End(client.send, client._exactly, masks=True)


def server(script):
    """For support.backend: accepts the upgrade and runs `script(end)`."""
    def answer(peer, request):
        key = request.get("sec-websocket-key")
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode())
        try:
            script(End(peer.send, peer._take, masks=False))
        except Closed:
            pass
        return False
    return answer


def echo(end):
    """For server(): sends every frame back, a ping as a pong, and ends with the close."""
    while True:
        opcode, payload, final = end.frame()
        if opcode == PING:
            end.send_frame(PONG, payload)
        else:
            end.send_frame(opcode, payload, final)
        if opcode == CLOSE:
            return


class WebSocketTest(WeirTest):
    def weir_before(self, backend, websocket=None, **options):
        return self.start_weir(small_policy(backend.url, backend={"websocket": websocket or {"idle": "1m"}}, **options))

    def open(self, weir, path="/ws", fields=()):
        """An open tunnel; its `client` is the connection below it."""
        client = self.client(weir)
        answer, end = connect(client, path, fields)
        self.assertEqual(answer.status, 101, answer)
        end.client = client
        return end

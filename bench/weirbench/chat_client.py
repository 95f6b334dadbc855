"""A streaming chat client for thousands of requests at once: HTTP/1.1 straight on asyncio's protocols.

asyncio's streams cost several times as much a request, and the clients must not be what limits a run.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field

TOKEN = re.compile(rb'"(?:content|text)"\s*:\s*"[^"]')
IN_STREAM_ERROR = re.compile(rb'data:\s*\{"error"|event:\s*error')

GAVE_UP = "gave up waiting"  # the error of an attempt that the client itself ended


@dataclass
class Attempt:
    """The result of one request on the wire."""

    status: int | None = None  # None: no answer began
    headers: dict = field(default_factory=dict)  # lower-case names
    first_token_at: float | None = None  # the loop's clock
    ended_at: float | None = None
    tokens: int = 0  # pieces of text that arrived
    error: str | None = None  # why the answer is not whole; None: it is


def chat_request(host, request, key, model, retry_count):
    """The bytes of a streaming chat completion with a prompt of `request.prompt_tokens` words."""
    body = json.dumps({
        "model": model,
        "messages": [{"role": "user", "content": "word " * request.prompt_tokens}],
        "max_tokens": request.output_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }).encode()
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n{authorization}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-stainless-retry-count: {retry_count}\r\n\r\n")
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection. At most one request at a time."""

    def __init__(self, loop):
        self._loop = loop
        self._transport = None
        self._attempt = None
        self._future = None
        self._meter = None
        self._reset()

    def _reset(self):
        self._buffer = b""
        self._in_body = False
        self._chunked = False
        self._left = 0  # of a body with a length, or of the present chunk with its line end
        self._last_chunk = False
        self._tail = b""  # the last body bytes, where the end of the stream must stand
        self.reusable = False

    async def ask(self, payload, meter=None):
        """Sends one request and waits for the whole answer. Never raises but CancelledError."""
        self._reset()
        self._meter = meter
        self._attempt = Attempt()
        self._future = self._loop.create_future()
        self._transport.write(payload)
        await self._future
        return self._attempt

    def close(self):
        self._transport.abort()

    @property
    def silent(self):
        """Whether the request in progress has not produced a token yet."""
        return self._attempt.first_token_at is None

    @property
    def closed(self):
        return self._transport is None or self._transport.is_closing()

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        if self._future and not self._future.done():
            self._finish(f"connection lost{': ' + str(error) if error else ''}")

    def data_received(self, data):
        if self._future is None or self._future.done():
            self._transport.abort()  # unsolicited bytes
            return
        self._buffer += data
        if not self._in_body and not self._read_head():
            return
        self._read_chunks() if self._chunked else self._read_length()

    def _read_head(self):
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        self._buffer = self._buffer[end + 4:]
        attempt = self._attempt
        attempt.status = int(first.split(" ", 2)[1])
        for line in lines:
            name, _, value = line.partition(":")
            attempt.headers[name.lower()] = value.strip()
        self._in_body = True
        self._chunked = "chunked" in attempt.headers.get("transfer-encoding", "")
        self._left = int(attempt.headers.get("content-length", 0))
        self.reusable = attempt.headers.get("connection", "").lower() != "close"
        return True

    def _read_length(self):
        piece, self._buffer = self._buffer[:self._left], self._buffer[self._left:]
        self._left -= len(piece)
        self._body(piece)
        if self._left == 0:
            self._end()

    def _read_chunks(self):
        while self._buffer:
            if self._left:
                piece, self._buffer = self._buffer[:self._left], self._buffer[self._left:]
                # The last two bytes of a chunk are its line end; they do not affect readers of the body.
                self._left -= len(piece)
                self._body(piece)
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return
            line, self._buffer = self._buffer[:end], self._buffer[end + 2:]
            if self._last_chunk:
                if not line:
                    return self._end()
                continue  # a trailer
            size = int(line.split(b";")[0], 16)
            self._last_chunk = size == 0
            self._left = size + 2 if size else 0

    def _body(self, piece):
        attempt = self._attempt
        if attempt.status == 200:
            tokens = len(TOKEN.findall(piece))
            if tokens:
                if attempt.first_token_at is None:
                    attempt.first_token_at = self._loop.time()
                attempt.tokens += tokens
                if self._meter is not None:
                    self._meter.tokens += tokens
        self._tail = (self._tail + piece)[-512:]

    def _end(self):
        if self._attempt.status != 200:
            self._finish(f"status {self._attempt.status}")
        elif IN_STREAM_ERROR.search(self._tail):
            self._finish("error in the stream")
        elif b"data: [DONE]" not in self._tail:
            self._finish("the stream ended without [DONE]")
        else:
            self._finish(None)

    def _finish(self, error):
        self._attempt.error = error
        self._attempt.ended_at = self._loop.time()
        self._future.set_result(None)


class Pool:
    """Keep-alive connections to one address, the most recently used first, as the SDKs' pools do."""

    def __init__(self, address):
        self.host, self.port = address
        self._idle = []

    async def ask(self, payload, give_up_after, meter=None):
        """One attempt, on a pooled connection or a new one. The client leaves after `give_up_after` seconds without a
        first token; an answer that has begun is read to its end."""
        loop = asyncio.get_running_loop()
        connection = None
        while self._idle and connection is None:
            candidate = self._idle.pop()
            connection = None if candidate.closed else candidate
        if connection is None:
            try:
                _, connection = await asyncio.wait_for(
                    loop.create_connection(lambda: Connection(loop), self.host, self.port), 10)
            except (OSError, asyncio.TimeoutError) as error:
                return Attempt(ended_at=loop.time(), error=f"cannot connect: {error or 'timed out'}")
        gave_up = False

        def give_up():
            nonlocal gave_up
            if connection.silent:
                gave_up = True
                connection.close()

        timer = loop.call_later(give_up_after, give_up)
        try:
            attempt = await connection.ask(payload, meter)
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            timer.cancel()
        if gave_up:
            attempt.error = GAVE_UP
        if connection.reusable and not gave_up and not connection.closed:
            self._idle.append(connection)
        else:
            connection.close()
        return attempt

    def close(self):
        for connection in self._idle:
            connection.close()
        self._idle.clear()

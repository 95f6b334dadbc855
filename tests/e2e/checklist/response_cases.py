"""Answers of a backend as raw bytes, by subject, and what the client must see.

502      a bad gateway before the first byte
abort    an answer that does not end cleanly, or a 502
one      a 502, or one whole answer without the forged bytes
fresh    a whole answer, and the next request goes to the backend on another connection
serve    a whole answer
"""

from dataclasses import dataclass

START = b"HTTP/1.1 200 OK\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
STRAY = START + b"Content-Length: 4\r\n\r\nevil"

UPGRADES = "upgrades"
MALFORMED = "malformed answers"
TRUNCATED = "truncated answers"
AFTER_THE_ANSWER = "after the answer"


@dataclass(frozen=True)
class Answer:
    subject: str
    name: str
    data: bytes
    demand: str
    keep: bool = False             # the backend keeps the connection after it
    body: bytes = b"hello"
    forbidden: tuple = ()          # bytes that the client must not see in the head
    version: str = "1.1"           # of the client

    def __str__(self):
        return f"{self.subject}: {self.name}"


def malformed():
    end = b"\r\n\r\nhello"
    for name, data in (
            ("length, then encoding", START + b"Content-Length: 5\r\nTransfer-Encoding: chunked" + end),
            ("encoding, then length", START + b"Transfer-Encoding: chunked\r\nContent-Length: 5" + end),
            ("two lengths", START + b"Content-Length: 5\r\nContent-Length: 6" + end),
            ("length `+5`", START + b"Content-Length: +5" + end),
            ("length `5, 6`", START + b"Content-Length: 5, 6" + end),
            ("encoding `xchunked`", START + b"Transfer-Encoding: xchunked" + end),
            ("two encodings", START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + end),
            ("encoding `gzip`", START + b"Transfer-Encoding: gzip" + end),
            ("NUL in a field", START + b"X: a\x00b\r\nContent-Length: 5" + end),
            ("bare CR in a field", START + b"X: a\rb\r\nContent-Length: 5" + end),
            ("bare LF ends a field", START + b"X: a\nContent-Length: 5" + end),
            ("space before the colon", START + b"Content-Length : 5" + end),
            ("status 20", b"HTTP/1.1 20 OK\r\nContent-Length: 5" + end),
            ("status 2000", b"HTTP/1.1 2000 OK\r\nContent-Length: 5" + end),
            ("status 099", b"HTTP/1.1 099 No\r\nContent-Length: 5" + end),
            ("HTTP/2.0", b"HTTP/2.0 200 OK\r\nContent-Length: 5" + end),
            ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n" + end),
            ("a head of 256 KiB", START + b"X: " + b"y" * 256 * 1024 + b"\r\nContent-Length: 0\r\n\r\n"),
            ("an unsolicited 101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")):
        yield Answer(UPGRADES if "101" in name else MALFORMED, name, data, "502")
    yield Answer(MALFORMED, "a folded field", START + b"X-Fold: a\r\n b\r\nContent-Length: 5" + end, "one", forbidden=(b"\r\n b",))
    first = CHUNKED + b"5\r\nhello\r\n"
    for name, rest in (("`x`", b"x\r\n"), ("`0x5`", b"0x5\r\nhello\r\n0\r\n\r\n"), ("with LF", b"5\nhello\r\n0\r\n\r\n"),
                       ("with junk after its data", b"5\r\nhelloX\r\n0\r\n\r\n"), ("`-1`", b"-1\r\n")):
        yield Answer(MALFORMED, f"then a chunk size {name}" if "`" in name else f"then a chunk {name}", first + rest, "abort")


def cut_short():
    yield Answer(TRUNCATED, "cut short of its length", START + b"Content-Length: 10\r\n\r\nhello", "abort")
    yield Answer(TRUNCATED, "cut inside a chunk", CHUNKED + b"a\r\nhello", "abort")
    yield Answer(TRUNCATED, "cut between chunks", CHUNKED + b"5\r\nhello\r\n", "abort")
    yield Answer(TRUNCATED, "cut before the last CRLF", CHUNKED + b"5\r\nhello\r\n0\r\n", "abort")
    yield Answer(TRUNCATED, "cut between chunks, to an HTTP/1.0 client", CHUNKED + b"5\r\nhello\r\n", "abort", version="1.0")
    yield Answer(TRUNCATED, "no answer at all", b"", "502")
    yield Answer(TRUNCATED, "half a status line", b"HTTP/1.1 2", "502")
    yield Answer(TRUNCATED, "half a head", START + b"Content-Length: 5\r\n", "502")


def after_the_end():
    yield Answer(AFTER_THE_ANSWER, "bytes after a length", START + b"Content-Length: 5\r\n\r\nhello" + STRAY, "fresh", keep=True)
    yield Answer(AFTER_THE_ANSWER, "bytes after the last chunk", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + STRAY, "fresh", keep=True)
    yield Answer(AFTER_THE_ANSWER, "bytes after a 204", b"HTTP/1.1 204 No Content\r\n\r\n" + STRAY, "fresh", keep=True, body=b"")
    yield Answer(AFTER_THE_ANSWER, "bytes after a 304", b"HTTP/1.1 304 Not Modified\r\n\r\n" + STRAY, "fresh", keep=True, body=b"")
    yield Answer(AFTER_THE_ANSWER, "103, then 200", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + START + b"Content-Length: 5\r\n\r\nhello", "serve")
    yield Answer(AFTER_THE_ANSWER, "103, then 200, to an HTTP/1.0 client",
                 b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + START + b"Content-Length: 5\r\n\r\nhello", "serve",
                 forbidden=(b"103",), version="1.0")
    for field, word in ((b"Keep-Alive: timeout=5", b"timeout"), (b"Connection: X-Hop\r\nX-Hop: private", b"private"),
                        (b"Upgrade: h2c", b"h2c"), (b"Proxy-Authenticate: Basic", b"Basic")):
        yield Answer(AFTER_THE_ANSWER, f"`{field.decode().splitlines()[-1]}`", START + field + b"\r\nContent-Length: 5\r\n\r\nhello", "serve",
                     forbidden=(word,))


ALL = [*malformed(), *cut_short(), *after_the_end()]

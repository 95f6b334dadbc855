"""Requests as raw bytes, by subject, and what is demanded of each.

refuse   4xx or 5xx, then a close; no whole request at the backend
one      the same, or exactly one request in canonical form, with `body` if it is given
serve    exactly one request in canonical form, answered with 200
"""

from dataclasses import dataclass

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
NONE = b"0\r\n\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"

LENGTH_WITH_ENCODING = "length with encoding"
LENGTHS = "lengths"
ENCODINGS = "encodings"
LINES_AND_FIELDS = "lines and fields"
HTTP_1_0 = "HTTP/1.0"
CHUNKS = "chunks"
TRAILERS = "trailers"
UNUSUAL_BODIES = "unusual bodies"
HOST_AND_TARGET = "Host and target"
SIZES = "sizes of heads"
IDENTITY = "Connection and identity"
HOP_BY_HOP = "hop by hop"
EXPECTATIONS = "expectations"
PIPELINING = "pipelining"


@dataclass(frozen=True)
class Case:
    subject: str
    name: str
    data: bytes
    demand: str
    body: bytes | None = None      # of the one request
    statuses: tuple = ()           # of a refusal; empty: any of 4xx and 5xx
    forbidden: tuple = ()          # bytes that the backend must not be sent
    wanted: tuple = ()             # (field, [values]) that it must

    def __str__(self):
        return f"{self.subject}: {ascii(self.name)[1:-1]}"


def post(*fields, body=b"", version="1.1", target="/"):
    return "\r\n".join([f"POST {target} HTTP/{version}", "Host: a", *fields]).encode("latin-1") + b"\r\n\r\n" + body


def get(*fields, target="/", host="a"):
    lines = [f"GET {target} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def lengths():
    yield Case(LENGTH_WITH_ENCODING, "length, then encoding", post("Content-Length: 5", "Transfer-Encoding: chunked", body=HELLO + SMUGGLED), "one", b"hello")
    yield Case(LENGTH_WITH_ENCODING, "encoding, then length", post("Transfer-Encoding: chunked", "Content-Length: 5", body=HELLO + SMUGGLED), "one", b"hello")
    yield Case(LENGTH_WITH_ENCODING, "encoding and length 0", post("Transfer-Encoding: chunked", "Content-Length: 0", body=HELLO + SMUGGLED), "one", b"hello")
    yield Case(LENGTH_WITH_ENCODING, "two different lengths", post("Content-Length: 5", "Content-Length: 6", body=b"helloX" + SMUGGLED), "refuse")
    yield Case(LENGTH_WITH_ENCODING, "lengths 0 and 5", post("Content-Length: 0", "Content-Length: 5", body=b"hello" + SMUGGLED), "refuse")
    yield Case(LENGTH_WITH_ENCODING, "a list of lengths `5, 6`", post("Content-Length: 5, 6", body=b"helloX" + SMUGGLED), "refuse")
    for value in ("5, 5", "5,"):
        yield Case(LENGTH_WITH_ENCODING, f"a list of lengths `{value}`", post(f"Content-Length: {value}", body=b"hello" + SMUGGLED), "refuse")
    yield Case(LENGTH_WITH_ENCODING, "two equal lengths", post("Content-Length: 5", "Content-Length: 5", body=b"hello"), "one", b"hello")
    for value in ("+5", "-1", "-0", "", "5abc", "0x5", "5 5", "5.0", "1e1", '"5"', "18446744073709551616", "99999999999999999999999999", "\xa05"):
        yield Case(LENGTHS, f"length `{value}`", post(f"Content-Length: {value}", body=b"hello" + SMUGGLED), "refuse")
    for name, field in (("a tab after", "Content-Length: 5\t"), ("a space after", "Content-Length: 5 "),
                        ("a tab before", "Content-Length:\t5"), ("no space before", "Content-Length:5")):
        yield Case(LENGTHS, f"length with {name}", post(field, body=b"hello"), "serve", b"hello")


def encodings():
    for value in ("xchunked", "chunkedx", "chunked, gzip", "chunked, chunked", '"chunked"', "chunked;q=1", "identity",
                  "\xa0chunked", "chun ked", "", "chunked,", "gzip"):
        yield Case(ENCODINGS, f"encoding `{value}`", post(f"Transfer-Encoding: {value}", body=NONE + SMUGGLED), "refuse")
    yield Case(ENCODINGS, "two encoding fields", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=NONE + SMUGGLED), "refuse")
    yield Case(ENCODINGS, "chunked and identity", post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=NONE + SMUGGLED), "refuse")
    yield Case(ENCODINGS, "gzip, then a length", post("Transfer-Encoding: gzip", "Content-Length: 5", body=b"hello" + SMUGGLED), "refuse")
    yield Case(ENCODINGS, "encoding `,chunked`", post("Transfer-Encoding: ,chunked", body=HELLO + SMUGGLED[:0]), "one", b"hello")
    yield Case(ENCODINGS, "encoding `gzip, chunked`", post("Transfer-Encoding: gzip, chunked", body=HELLO), "one", b"hello")
    yield Case(ENCODINGS, "encoding `Chunked`", post("Transfer-Encoding: Chunked", body=HELLO), "serve", b"hello")
    yield Case(ENCODINGS, "Transfer_Encoding beside a length", post("Transfer_Encoding: chunked", "Content-Length: 5", body=b"hello"), "one", b"hello")


def lines():
    end = b"\r\nContent-Length: 0\r\n\r\n" + SMUGGLED
    start = b"POST / HTTP/1.1\r\nHost: a\r\n"
    for name, data in (
            ("space before the colon", start + b"Content-Length : 5" + end),
            ("space before the colon of an encoding", start + b"Transfer-Encoding : chunked" + end),
            ("bare LF hides a field", start + b"X: a\nTransfer-Encoding: chunked" + end),
            ("bare CR hides a field", start + b"X: a\rTransfer-Encoding: chunked" + end),
            ("CR CR", start + b"X: a\r\rY: b" + end),
            ("NUL in a value", start + b"X: a\x00b" + end),
            ("vertical tab in a value", start + b"X: a\x0bb" + end),
            ("DEL in a value", start + b"X: a\x7fb" + end),
            ("NUL in a name", start + b"X\x00: a" + end),
            ("space in a name", start + b"X y: a" + end),
            ("no colon", start + b"no colon here" + end),
            ("no name", start + b": empty name" + end),
            ("bracket in a name", start + b"X(y): a" + end),
            ("space before the first field", b"POST / HTTP/1.1\r\n Host: a\r\nX: y" + end),
            ("LF ends the request line", b"POST / HTTP/1.1\nHost: a" + end),
            ("a byte above ASCII in a name", start + b"X\xe9: a" + end),
            ("a folded field behind a tab", start + b"X: a\r\n\tb\nY: c" + end),
            ("tab before the first field", b"POST / HTTP/1.1\r\n\tHost: a" + end),
            ("LF LF ends the head", b"POST / HTTP/1.1\r\nHost: a\n\n" + SMUGGLED),
            ("LF ends the head", b"POST / HTTP/1.1\r\nHost: a\r\n\n" + SMUGGLED)):
        yield Case(LINES_AND_FIELDS, name, data, "refuse")
    yield Case(LINES_AND_FIELDS, "a folded field", start + b"X: a\r\n b" + end.replace(SMUGGLED, b""), "one")
    yield Case(LINES_AND_FIELDS, "a folded encoding", start + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + HELLO, "one", b"hello")
    yield Case(HTTP_1_0, "encoding in HTTP/1.0", post("Transfer-Encoding: chunked", body=HELLO + SMUGGLED, version="1.0"), "one", b"hello")
    yield Case(HTTP_1_0, "a body without length in HTTP/1.0", post(body=SMUGGLED, version="1.0"), "one", b"")


def chunks():
    def sent(body):
        return post("Transfer-Encoding: chunked", body=body + SMUGGLED)
    for size in (b"0x5", b"+5", b"-5", b" 5", b"5 x", b"\t5", b"00000000000000005", b"", b"5x", b"g", b"5,5", b"1" * 17, b"5 ", b"ffffffffffffffffff"):
        yield Case(CHUNKS, f"chunk size `{size.decode()}`", sent(size + b"\r\nhello\r\n0\r\n\r\n"), "refuse")
    for name, body in (
            ("LF after the size", b"5\nhello\r\n0\r\n\r\n"), ("LF after the data", b"5\r\nhello\n0\r\n\r\n"),
            ("nothing after the data", b"5\r\nhello0\r\n\r\n"), ("junk after the data", b"5\r\nhelloX\r\n0\r\n\r\n"),
            ("CR after the size", b"5\rhello\r\n0\r\n\r\n"), ("LF ends the last chunk", b"5\r\nhello\r\n0\n\n"),
            ("LF ends the trailers", b"5\r\nhello\r\n0\r\n\n"), ("LF ends a trailer", b"0\r\nX: a\n\r\n"),
            ("CR begins a trailer", b"0\r\n\rX\r\n"), ("LF begins an extension", b"5;\n\r\nhello\r\n0\r\n\r\n"),
            ("CRLF in a quoted extension", b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n'),
            ("LF in an extension", b"5;a\nb\r\nhello\r\n0\r\n\r\n"), ("CR in an extension", b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
            ("NUL in an extension", b"5;a\x00b\r\nhello\r\n0\r\n\r\n"),
            ("extension of 5000 bytes", b"5;" + b"e" * 5000 + b"\r\nhello\r\n0\r\n\r\n"),
            ("50 extensions of 100 bytes", b"".join(b"1;" + b"e" * 100 + b"\r\nx\r\n" for _ in range(50)) + NONE)):
        yield Case(CHUNKS, name, sent(body), "refuse")
    yield Case(CHUNKS, "unknown extensions", post("Transfer-Encoding: chunked", body=b'5;n=v;x="y z"\r\nhello\r\n0;last\r\n\r\n'),
               "serve", b"hello", forbidden=(b"n=v", b"last"))
    planted = (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nX-Weir-Class: direct\r\n"
               b"X-Forwarded-For: 6.6.6.6\r\nAuthorization: Bearer stolen\r\n")
    yield Case(TRAILERS, "framing, identity and keys in trailers", post("Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n" + planted + b"\r\n"),
               "one", b"hello", forbidden=(b"evil", b"direct", b"6.6.6.6", b"stolen"))
    yield Case(TRAILERS, "trailers without end", post("Transfer-Encoding: chunked", body=b"0\r\n" + b"X: yyyyyyyy\r\n" * 1000 + b"\r\n" + SMUGGLED), "refuse")
    yield Case(TRAILERS, "a space before a trailer", post("Transfer-Encoding: chunked", body=b"0\r\n X: y\r\n\r\n" + SMUGGLED), "refuse")
    yield Case(UNUSUAL_BODIES, "GET with a length", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n" + SMUGGLED[:35], "one", SMUGGLED[:35])
    yield Case(UNUSUAL_BODIES, "GET with chunks", b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + HELLO, "one", b"hello")
    yield Case(UNUSUAL_BODIES, "DELETE with a length", b"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "one", b"hello")


def targets():
    yield Case(HOST_AND_TARGET, "no Host", get(host=None) + SMUGGLED, "refuse")
    yield Case(HOST_AND_TARGET, "two Hosts", get("Host: b") + SMUGGLED, "refuse")
    yield Case(HOST_AND_TARGET, "the same Host twice", get("Host: a") + SMUGGLED, "refuse")
    for host in ("", "a b", "a/b", "a@b", "user@a", "a:80:80", ":80", "http://a", "[g::1]", "a:b", "a:99999", "a,b", "a?b", "a#b", "[::1", "a\\b", "\xe9"):
        yield Case(HOST_AND_TARGET, f"Host `{host}`", get(host=host) + SMUGGLED, "refuse")
    yield Case(HOST_AND_TARGET, "absolute target overrides Host", get(target="http://real.example/p", host="other.example"), "serve", forbidden=(b"other.example",))
    end = b"\r\nHost: a\r\n\r\n" + SMUGGLED
    for line in (b"GET * HTTP/1.1", b"GET a.example:80 HTTP/1.1", b"GET path HTTP/1.1", b"GET /a b HTTP/1.1", b"GET  / HTTP/1.1",
                 b"GET /  HTTP/1.1", b"GET / HTTP/1.1 ", b"GET\t/ HTTP/1.1", b"GET / http/1.1", b"GET / HTTP/1.10",
                 b"G(T / HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET /a\x00 HTTP/1.1", b"GET /\x80 HTTP/1.1", b"GET ftp://a/ HTTP/1.1",
                 b"GET http://u@a/ HTTP/1.1", b" GET / HTTP/1.1", b"GET", b"GET / HTTP/1", b"GET / HTTP/11", b"GET / XTTP/1.1", b"GET http:// HTTP/1.1",
                 b"GET http:///x HTTP/1.1", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.2", b"GET / HTTP/0.9", b"GET / HTTP/9.9", b"GET / HTTP/2.0", b"CONNECT a:80 HTTP/1.1", b"CONNECT / HTTP/1.1"):
        yield Case(HOST_AND_TARGET, f"`{line.decode('latin-1')}`", line + end, "refuse")
    yield Case(HOST_AND_TARGET, "HTTP/0.9", b"GET /\r\n\r\n" + SMUGGLED, "refuse")
    yield Case(HOST_AND_TARGET, "lines that end in CR alone", b"GET / HTTP/1.1\rHost: a\r\r" + SMUGGLED, "refuse")
    yield Case(SIZES, "a value of 128 KiB", get("X: " + "y" * 128 * 1024) + SMUGGLED, "refuse", statuses=(414, 431))
    yield Case(SIZES, "6000 fields", get(*(["X: y"] * 6000)) + SMUGGLED, "refuse", statuses=(414, 431))
    yield Case(SIZES, "a target of 128 KiB", get(target="/" + "a" * 128 * 1024) + SMUGGLED, "refuse", statuses=(414, 431))


def fields():
    yield Case(IDENTITY, "Connection names what a proxy adds", get("Connection: close, X-Forwarded-For, Host", "X-Forwarded-For: 6.6.6.6"), "serve",
               forbidden=(b"6.6.6.6",), wanted=(("x-forwarded-for", ["127.0.0.1"]),))
    yield Case(IDENTITY, "Connection names the framing", post("Connection: Content-Length, Host", "Content-Length: 35", body=SMUGGLED), "one", SMUGGLED)
    for field in ("X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "Forwarded: for=6.6.6.6",
                  "X-Real-IP: 6.6.6.6", "X_Real_IP: 6.6.6.6", "X-Forwarded-Proto: 6.6.6.6", "X-Weir-Class: 6.6.6.6"):
        yield Case(IDENTITY, f"`{field}`", get(field), "serve", forbidden=(b"6.6.6.6",))
    yield Case(IDENTITY, "a field that Connection names", get("Connection: X-Mine", "X-Mine: private"), "serve", forbidden=(b"private",))
    for field, word in (("Keep-Alive: timeout=5", b"timeout"), ("Proxy-Connection: keep-alive", b"roxy-"), ("TE: gzip", b"gzip"),
                        ("Proxy-Authorization: Basic eA==", b"eA=="), ("Upgrade: h2c", b"h2c")):
        yield Case(HOP_BY_HOP, f"`{field}`", get(field), "serve", forbidden=(word,))
    yield Case(HOP_BY_HOP, "repeated fields keep their order", get("X-A: 1", "X-B: 9", "X-A: 2", "X-A: 3"), "serve", wanted=(("x-a", ["1", "2", "3"]),))
    yield Case(HOP_BY_HOP, "Max-Forwards: 0", b"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", "answer")
    for value in ("100-continue, x", "100-continue;q=1"):
        yield Case(EXPECTATIONS, f"`Expect: {value}`", post(f"Expect: {value}", "Content-Length: 5", body=b"hello"), "refuse", statuses=(417,))
    yield Case(EXPECTATIONS, "`Expect: 200-ok`", post("Expect: 200-ok", "Content-Length: 5", body=b"hello"), "refuse", statuses=(417,))
    yield Case(EXPECTATIONS, "`Expect: 100-continue` with the body at once", post("Expect: 100-continue", "Content-Length: 5", body=b"hello"), "serve", b"hello")
    yield Case(PIPELINING, "a malformed request, then another", b"BAD\r\n\r\n" + SMUGGLED * 3, "refuse")
    yield Case(PIPELINING, "a malformed request between two", get(target="/good") + b"BAD\r\n\r\n" + SMUGGLED, "one")
    yield Case(PIPELINING, "what follows `Connection: close`", get("Connection: close") + SMUGGLED, "one")


ALL = [*lengths(), *encodings(), *lines(), *chunks(), *targets(), *fields()]

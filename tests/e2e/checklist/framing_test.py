"""Where a message ends, checked with raw bytes on both sides.

"Refused" means an answer of Weir's own with 4xx or 5xx, then a close, and not one byte at the backend. What follows a
refused message on the same connection is a request that smuggling would execute: it must never be executed.
"""

import unittest

from raw_requests import SMUGGLED, RawRequestTest
from support.backend import raw, reply, respond
from support.process import SharedWeirTest
from support.wire import Client, Closed, chunked


def post(*fields, body=b"", version="1.1", target="/"):
    head = "\r\n".join([f"POST {target} HTTP/{version}", "Host: a", *fields]).encode("latin-1")
    return head + b"\r\n\r\n" + body


class RequestFraming(RawRequestTest):
    # Lengths

    def test_a_length_over_the_limit_is_refused_without_reading_the_body(self):
        self.assert_refused(post("Content-Length: 18446744073709551615", body=b"hello"), (413,))

    # Encodings

    def test_chunked_in_any_letter_case_is_chunked(self):
        for value in ("chunked", "Chunked", "CHUNKED", "chunked ", "\tchunked"):
            with self.subTest(value=value):
                self.assertEqual(self.forwarded(post(f"Transfer-Encoding: {value}", body=chunked(b"hello"))).body, b"hello")

    def test_an_encoding_spelled_with_an_underscore_does_not_reach_the_backend(self):
        """CGI backends read Transfer_Encoding as Transfer-Encoding."""
        for field in ("Transfer_Encoding: chunked", "Content_Length: 100"):
            with self.subTest(field=field):
                answer = self.ask(post(field, "Content-Length: 5", body=b"hello"))
                if answer.status == 200:
                    request = self.backend.requests.pop()
                    self.assertEqual([n for n in request.names() if "_" in n], [])
                    self.assertEqual(request.body, b"hello")
                else:
                    self.assertEqual(answer.status, 400)

    # HTTP/1.0

    def test_a_request_body_is_never_delimited_by_the_close(self):
        with Client(self.weir.address) as client:
            client.send(post(body=b"stray", version="1.0"))
            client.half_close()
            self.assertEqual(client.response().status, 200)
        request = self.backend.requests.pop()
        self.assertEqual((request.body, request.all("content-length"), request.get("transfer-encoding")), (b"", ["0"], None))

    # Chunks

    def test_chunk_extensions_are_dropped(self):
        request = self.forwarded(post("Transfer-Encoding: chunked",
                                      body=b"5;name=value;x=\"y z\"\r\nhello\r\n0;last\r\n\r\n"))
        self.assertEqual(request.body, b"hello")
        self.assertNotIn(b"name=value", request.raw)
        self.assertNotIn(b"last", request.raw)

    def test_chunks_split_at_any_byte_are_one_body(self):
        body = b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer-Field: t\r\n\r\n"
        data = post("Transfer-Encoding: chunked", body=body)
        start = data.index(b"\r\n\r\n") + 4
        for at in range(start, len(data)):
            with Client(self.weir.address) as client:
                client.send(data[:at])
                client.send(data[at:])
                self.assertEqual(client.response().status, 200, data[:at])
            self.assertEqual(self.backend.requests.pop().body, b"hello world", data[:at])

    # Trailers

    def test_trailers_are_neither_merged_nor_forwarded(self):
        trailers = (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nX-Weir-Class: direct\r\n"
                    b"X-Forwarded-For: 1.2.3.4\r\nAuthorization: Bearer stolen\r\nX-Plain: t\r\n")
        request = self.forwarded(post("Transfer-Encoding: chunked", "Trailer: X-Plain",
                                      body=b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"))
        self.assertEqual(request.body, b"hello")
        for word in (b"evil", b"direct", b"1.2.3.4", b"stolen", b"X-Plain"):
            self.assertNotIn(word, request.raw)

    # Bodies where none is usual

    def test_a_get_with_a_body_arrives_as_one_request(self):
        request = self.forwarded(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\nConnection: close\r\n\r\n" + SMUGGLED[:35])
        self.assertEqual((request.line, request.body), ("GET / HTTP/1.1", SMUGGLED[:35]))
        request = self.forwarded(b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(SMUGGLED))
        self.assertEqual((request.line, request.body), ("GET / HTTP/1.1", SMUGGLED))

    def test_a_post_without_a_body_says_so(self):
        self.assertEqual(self.forwarded(post()).all("content-length"), ["0"])

    def test_a_get_without_a_body_has_no_framing(self):
        request = self.forwarded(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual((request.all("content-length"), request.all("transfer-encoding")), ([], []))


class ResponseFraming(SharedWeirTest):
    policy_options = {"backend": {"ejection": {"failures": 0}}}

    def get(self, answer, method="GET", keep=False):
        self.backend.answer = raw(answer, keep) if isinstance(answer, bytes) else answer
        return self.weir.request(method)

    def assert_bad_gateway(self, data):
        answer = self.get(data)
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (502, "backend_bad_response"), data[:120])

    # Answers without a body

    def test_an_answer_to_head_keeps_its_length_and_has_no_body(self):
        self.backend.answer = respond(b"x" * 100)
        with Client(self.weir.address) as client:
            for _ in range(2):
                answer = client.request("HEAD", "/")
                self.assertEqual((answer.status, answer.get("content-length"), answer.body), (200, "100", b""))
            self.assertEqual(client.request("GET", "/").body, b"x" * 100)

    def test_answers_204_and_304_have_no_body_and_keep_the_connection(self):
        for status in ("204 No Content", "304 Not Modified"):
            fields = b"" if status.startswith("204") else b"ETag: \"a\"\r\nContent-Length: 5\r\n"
            self.backend.answer = raw(b"HTTP/1.1 " + status.encode() + b"\r\n" + fields + b"\r\n", keep=True)
            with Client(self.weir.address) as client:
                for _ in range(2):
                    answer = client.request()
                    self.assertEqual(answer.status, int(status[:3]))
                    self.assertEqual(answer.all("transfer-encoding"), [])
                self.assertEqual(client.buffer, b"")

    def test_bodies_arrive_whole_however_they_are_framed(self):
        content = bytes(range(256)) * 40
        framings = {
            "length": reply(content),
            "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(content[:5], content[5:]),
            "close": b"HTTP/1.1 200 OK\r\n\r\n" + content,
            "close of 1.0": b"HTTP/1.0 200 OK\r\n\r\n" + content,
        }
        for name, data in framings.items():
            with self.subTest(framing=name):
                answer = self.get(data)
                self.assertEqual((answer.status, answer.body, answer.complete), (200, content, True))
                self.assertFalse(answer.close_delimited, "an HTTP/1.1 client should not have to wait for the close")

    def test_an_http_1_0_client_gets_no_chunks(self):
        self.backend.answer = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello", b" world"))
        answer = self.ask(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        self.assertEqual((answer.body, answer.close_delimited, answer.all("transfer-encoding")), (b"hello world", True, []))

    def test_answers_that_come_byte_by_byte_arrive_whole(self):
        data = b"HTTP/1.1 200 OK\r\nX-Some: thing\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello", b" world")

        def trickle(peer, request):
            peer.trickle(data)
            return True
        answer = self.get(trickle)
        self.assertEqual((answer.status, answer.get("x-some"), answer.body), (200, "thing", b"hello world"))

    def test_trailers_and_extensions_of_an_answer_are_dropped(self):
        answer = self.get(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;e=f\r\nhello\r\n0\r\nX-T: u\r\n\r\n")
        self.assertEqual((answer.body, answer.trailers, answer.complete), (b"hello", [], True))

    # Backends that die

    def test_a_truncated_answer_never_ends_cleanly(self):
        cuts = {
            "length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
            "inside a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello",
            "between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "before the last CRLF": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "stream": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"9\r\ndata: 1\n\n\r\n",
        }
        for name, data in cuts.items():
            for ending in ("close", "reset"):
                def cut(peer, request, data=data, ending=ending):
                    peer.send(data)
                    return peer.reset() if ending == "reset" else False
                with self.subTest(cut=name, ending=ending):
                    self.backend.answer = cut
                    with Client(self.weir.address) as client:
                        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        try:
                            answer = client.response()
                        except Closed:  # the reset came before the head was read
                            continue
                        self.assertFalse(answer.complete and answer.status == 200, answer)

    def test_a_truncated_answer_ends_an_http_1_0_connection_with_a_reset(self):
        """Its body ends with the connection: only a reset shows that it is incomplete."""
        def cut(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            return False
        self.backend.answer = cut
        with Client(self.weir.address) as client:
            client.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            with self.assertRaises(ConnectionResetError):
                while client.socket.recv(65536):
                    pass

    def test_a_backend_that_dies_before_the_head_is_a_bad_gateway(self):
        for data in (b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"):
            with self.subTest(data=data):
                answer = self.get(data)
                self.assertEqual((answer.status, answer.get("x-weir-decision")), (502, "backend_reset"))

    # After the answer

    def test_an_interim_103_is_passed_on_before_the_answer_but_not_to_http_1_0(self):
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nConnection: x\r\nX: y\r\n\r\n" + reply(b"ok")
        answer = self.get(early)
        self.assertEqual([(i.status, i.get("link"), i.get("x")) for i in answer.interim],
                         [(103, "</a>; rel=preload", None)])
        self.assertEqual((answer.status, answer.body), (200, b"ok"))
        self.backend.answer = raw(early)
        answer = self.ask(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        self.assertEqual((answer.interim, answer.body), ([], b"ok"))

    def test_a_100_of_a_backend_is_not_passed_on(self):
        answer = self.get(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"ok"))
        self.assertEqual((answer.interim, answer.body), ([], b"ok"))

    def test_hop_by_hop_fields_of_an_answer_are_removed(self):
        answer = self.get(reply(b"ok", fields=[
            ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Authenticate", "Basic"),
            ("Upgrade", "h2c"), ("Trailer", "X"), ("X-Weir-Class", "fake"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
            keep=True)
        for name in ("x-hop", "keep-alive", "proxy-authenticate", "upgrade", "trailer", "x-weir-class"):
            self.assertEqual(answer.all(name), [], name)
        self.assertEqual(answer.all("set-cookie"), ["a=1", "b=2"])

    def test_an_encoding_in_an_http_1_0_answer_ends_its_connection(self):
        """RFC 9112 section 6.1: such framing is faulty, and the connection must not be reused."""
        data = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"ok")
        self.backend.answer = raw(data, keep=True)
        first = self.weir.request()
        self.backend.answer = respond(b"fresh")
        self.assertEqual(self.weir.request().body, b"fresh")
        self.assertIn((first.status, first.body), [(200, b"ok"), (502, first.body)])
        self.assertEqual(len({request.connection for request in self.backend.requests}), 2)


if __name__ == "__main__":
    unittest.main()

"""Where a message ends: items 1 to 8 and 18 to 20 of the checklist, with raw bytes on both sides.

"Refused" means an answer of Weir's own with 4xx or 5xx, then a close, and not one byte at the backend. What follows a
refused message on the same connection is a request that smuggling would bring to life: it must never be executed.
"""

import unittest

from support.backend import raw, reply, respond
from support.process import SharedWeirTest
from support.wire import Client, Closed, chunked

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def post(*fields, body=b"", version="1.1", target="/"):
    head = "\r\n".join([f"POST {target} HTTP/{version}", "Host: a", *fields]).encode("latin-1")
    return head + b"\r\n\r\n" + body


class RequestFraming(SharedWeirTest):
    def assert_refused(self, data, statuses=(400,)):
        with Client(self.weir.address) as client:
            client.try_send(data)
            answer = client.response()
            self.assertIn(answer.status, statuses, data[:200])
            self.assertEqual(answer.get("connection"), "close", data[:200])
            self.assertTrue(answer.complete)
            self.assertTrue(client.is_closed(), "the connection stays open after a malformed request")
        self.assertEqual(self.backend.requests, [], data[:200])

    def assert_all_refused(self, cases, statuses=(400,)):
        for data in cases:
            with self.subTest(data=data[:120]):
                self.assert_refused(data, statuses)

    def forwarded(self, data):
        """The only request that reached the backend."""
        answer = self.ask(data)
        self.assertEqual(answer.status, 200, data[:200])
        self.assertEqual(len(self.backend.requests), 1, data[:200])
        return self.backend.requests.pop()

    # 1. Length and encoding

    def test_length_beside_an_encoding_is_refused_in_either_order(self):
        body = b"5\r\nhello\r\n0\r\n\r\n"
        self.assert_all_refused([
            post("Content-Length: 5", "Transfer-Encoding: chunked", body=body + SMUGGLED),
            post("Transfer-Encoding: chunked", "Content-Length: 5", body=body + SMUGGLED),
            post("Transfer-Encoding: chunked", "Content-Length: 0", body=body + SMUGGLED),
            post("transfer-encoding: chunked", "content-length: 15", body=body + SMUGGLED)])

    def test_lengths_that_differ_are_refused(self):
        self.assert_all_refused([
            post("Content-Length: 5", "Content-Length: 6", body=b"helloX" + SMUGGLED),
            post("Content-Length: 0", "Content-Length: 5", body=b"hello" + SMUGGLED),
            post("Content-Length: 5, 6", body=b"helloX" + SMUGGLED),
            post("Content-Length: 5, 5", body=b"hello" + SMUGGLED),
            post("Content-Length: 5,", body=b"hello" + SMUGGLED)])

    def test_two_equal_lengths_become_one(self):
        data = post("Content-Length: 5", "Content-Length: 5", body=b"hello")
        answer = self.ask(data)
        if answer.status == 200:
            request = self.backend.requests.pop()
            self.assertEqual(request.all("content-length"), ["5"])
            self.assertEqual(request.body, b"hello")
        else:
            self.assertEqual(answer.status, 400)
            self.assertEqual(self.backend.requests, [])

    # 2. Lengths

    def test_lengths_that_are_not_plain_digits_are_refused(self):
        values = ["+5", "-1", "-0", "", "5abc", "0x5", "5 5", "5.0", "1e1", "18446744073709551616",
                  "99999999999999999999999999", "\xa05", "\"5\"", "٥".encode().decode("latin-1")]
        self.assert_all_refused([post(f"Content-Length: {value}", body=b"hello" + SMUGGLED) for value in values])

    def test_a_length_with_spaces_around_it_is_served(self):
        for field in ("Content-Length:5", "Content-Length: 5 ", "Content-Length:\t5\t", "Content-Length:   5"):
            with self.subTest(field=field):
                request = self.forwarded(post(field, body=b"hello"))
                self.assertEqual((request.all("content-length"), request.body), (["5"], b"hello"))

    def test_a_length_beyond_what_may_be_sent_is_refused_without_reading_it(self):
        self.assert_refused(post("Content-Length: 18446744073709551615", body=b"hello"), (413,))

    # 3. Encodings

    def test_an_encoding_that_is_not_exactly_chunked_is_refused(self):
        values = ["xchunked", "chunkedx", "chunked, gzip", "chunked, chunked", '"chunked"', "chunked;q=1", "identity",
                  "\xa0chunked", "gzip", "chunked\xa0", "chun ked", "", "chunked,", "x"]
        self.assert_all_refused(
            [post(f"Transfer-Encoding: {value}", body=b"0\r\n\r\n" + SMUGGLED) for value in values], (400, 501))

    def test_a_second_encoding_field_is_refused(self):
        self.assert_all_refused([
            post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
            post("Transfer-Encoding: gzip", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
            post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=b"0\r\n\r\n" + SMUGGLED),
            post("Transfer-Encoding: gzip", "Content-Length: 5", body=b"hello" + SMUGGLED)], (400, 501))

    def test_encodings_that_weir_does_not_undo_are_refused(self):
        self.assert_all_refused([
            post("Transfer-Encoding: ,chunked", body=b"0\r\n\r\n" + SMUGGLED),
            post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n" + SMUGGLED)], (400, 501))

    def test_chunked_in_any_case_is_chunked(self):
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

    # 4. Lines and fields

    def test_bytes_that_two_parsers_may_read_differently_are_refused(self):
        end = b"\r\nContent-Length: 0\r\n\r\n" + SMUGGLED
        start = b"POST / HTTP/1.1\r\nHost: a\r\n"
        self.assert_all_refused([
            start + b"Content-Length : 5" + end,
            start + b"Transfer-Encoding : chunked" + end,
            start + b"X: a\r\n b" + end,
            start + b"X: a\r\n\tb" + end,
            start + b"X: a\nTransfer-Encoding: chunked" + end,
            start + b"X: a\rTransfer-Encoding: chunked" + end,
            start + b"X: a\r\rY: b" + end,
            start + b"X: a\x00b" + end,
            start + b"X: a\x0bb" + end,
            start + b"X: a\x7fb" + end,
            start + b"X\x00: a" + end,
            start + b"X y: a" + end,
            start + b"no colon here" + end,
            start + b": empty name" + end,
            start + b"X(y): a" + end,
            start + b"X\xe9: a" + end,
            b"POST / HTTP/1.1\r\n Host: a\r\nX: y" + end,
            b"POST / HTTP/1.1\r\n\tHost: a" + end,
            b"POST / HTTP/1.1\nHost: a" + end,
            b"POST / HTTP/1.1\r\nHost: a\n\n" + SMUGGLED,
            b"POST / HTTP/1.1\r\nHost: a\r\n\n" + SMUGGLED])

    # 5. HTTP/1.0

    def test_an_encoding_in_http_1_0_is_refused(self):
        self.assert_refused(post("Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED, version="1.0"), (400, 501))

    def test_a_request_body_is_never_delimited_by_the_close(self):
        with Client(self.weir.address) as client:
            client.send(post(body=b"stray", version="1.0"))
            client.half_close()
            self.assertEqual(client.response().status, 200)
        request = self.backend.requests.pop()
        self.assertEqual((request.body, request.all("content-length"), request.get("transfer-encoding")), (b"", ["0"], None))

    # 6. Chunks

    def test_chunk_sizes_that_are_not_plain_hex_are_refused(self):
        sizes = [b"0x5", b"+5", b"-5", b" 5", b"5 ", b"\t5", b"00000000000000005", b"1" * 17, b"", b"5x", b"g", b"5,5",
                 b"ffffffffffffffffff"]
        self.assert_all_refused([post("Transfer-Encoding: chunked", body=size + b"\r\nhello\r\n0\r\n\r\n" + SMUGGLED)
                                 for size in sizes], (400, 413))

    def test_chunk_lines_that_do_not_end_in_crlf_are_refused(self):
        self.assert_all_refused([post("Transfer-Encoding: chunked", body=body + SMUGGLED) for body in (
            b"5\nhello\r\n0\r\n\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"5\r\nhello0\r\n\r\n",
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"5\rhello\r\n0\r\n\r\n",
            b"5\r\nhello\r\n0\n\n",
            b"5\r\nhello\r\n0\r\n\n",
            b"0\r\nX: a\n\r\n",
            b"0\r\n\rX\r\n")])

    def test_a_line_end_inside_a_chunk_extension_is_refused(self):
        """CVE-2025-55315."""
        self.assert_all_refused([post("Transfer-Encoding: chunked", body=body + SMUGGLED) for body in (
            b"5;a\nb\r\nhello\r\n0\r\n\r\n",
            b"5;a\rb\r\nhello\r\n0\r\n\r\n",
            b"5;\n\r\nhello\r\n0\r\n\r\n",
            b"5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
            b"5;a\x00b\r\nhello\r\n0\r\n\r\n")])

    def test_chunk_extensions_are_dropped(self):
        request = self.forwarded(post("Transfer-Encoding: chunked",
                                      body=b"5;name=value;x=\"y z\"\r\nhello\r\n0;last\r\n\r\n"))
        self.assertEqual(request.body, b"hello")
        self.assertNotIn(b"name=value", request.raw)
        self.assertNotIn(b"last", request.raw)

    def test_chunk_extensions_of_more_than_4_kib_a_message_are_refused(self):
        """CVE-2023-39326."""
        many = b"".join(b"1;" + b"e" * 100 + b"\r\nx\r\n" for _ in range(50)) + b"0\r\n\r\n"
        one = b"1;" + b"e" * 5000 + b"\r\nx\r\n0\r\n\r\n"
        self.assert_all_refused([post("Transfer-Encoding: chunked", body=many + SMUGGLED),
                                 post("Transfer-Encoding: chunked", body=one + SMUGGLED)])

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

    # 7. Trailers

    def test_trailers_are_neither_merged_nor_forwarded(self):
        trailers = (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nX-Weir-Class: direct\r\n"
                    b"X-Forwarded-For: 1.2.3.4\r\nAuthorization: Bearer stolen\r\nX-Plain: t\r\n")
        request = self.forwarded(post("Transfer-Encoding: chunked", "Trailer: X-Plain",
                                      body=b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"))
        self.assertEqual(request.body, b"hello")
        for word in (b"evil", b"direct", b"1.2.3.4", b"stolen", b"X-Plain"):
            self.assertNotIn(word, request.raw)

    def test_trailers_without_end_are_refused(self):
        self.assert_refused(post("Transfer-Encoding: chunked", body=b"0\r\n" + b"X: yyyyyyyy\r\n" * 1000 + b"\r\n" + SMUGGLED))

    # 8. Bodies where none is usual

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

    # 8. Answers without a body

    def test_an_answer_to_head_keeps_its_length_and_has_no_body(self):
        self.backend.answer = respond(b"x" * 100)
        with Client(self.weir.address) as client:
            for _ in range(2):
                answer = client.request("HEAD", "/")
                self.assertEqual((answer.status, answer.get("content-length"), answer.body), (200, "100", b""))
            self.assertEqual(client.request("GET", "/").body, b"x" * 100)

    def test_204_and_304_have_no_body_and_keep_the_connection(self):
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

    def test_answers_trickling_in_byte_by_byte_arrive_whole(self):
        data = b"HTTP/1.1 200 OK\r\nX-Some: thing\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello", b" world")

        def trickle(peer, request):
            peer.trickle(data)
            return True
        answer = self.get(trickle)
        self.assertEqual((answer.status, answer.get("x-some"), answer.body), (200, "thing", b"hello world"))

    def test_trailers_and_extensions_of_an_answer_are_dropped(self):
        answer = self.get(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;e=f\r\nhello\r\n0\r\nX-T: u\r\n\r\n")
        self.assertEqual((answer.body, answer.trailers, answer.complete), (b"hello", [], True))

    # 18. Malformed answers

    def test_ambiguous_answers_are_bad_gateways(self):
        start, end = b"HTTP/1.1 200 OK\r\n", b"\r\n\r\nhello"
        for data in (
                start + b"Content-Length: 5\r\nTransfer-Encoding: chunked" + end,
                start + b"Transfer-Encoding: chunked\r\nContent-Length: 5" + end,
                start + b"Content-Length: 5\r\nContent-Length: 6" + end,
                start + b"Content-Length: +5" + end,
                start + b"Content-Length: 5, 6" + end,
                start + b"Transfer-Encoding: xchunked" + end,
                start + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + end,
                start + b"Transfer-Encoding: gzip" + end,
                start + b"X: a\x00b\r\nContent-Length: 5" + end,
                start + b"X: a\rb\r\nContent-Length: 5" + end,
                start + b"X: a\nContent-Length: 5" + end,
                start + b"Content-Length : 5" + end,
                b"HTTP/1.1 20 OK\r\nContent-Length: 5" + end,
                b"HTTP/1.1 2000 OK\r\nContent-Length: 5" + end,
                b"HTTP/2.0 200 OK\r\nContent-Length: 5" + end,
                b"HTTP/1.1 099 No\r\nContent-Length: 5" + end,
                b"SSH-2.0-OpenSSH_9.2\r\n" + end,
                b"\r\n\r\n" + end,
                b"hello\r\n\r\n"):
            with self.subTest(data=data[:100]):
                self.assert_bad_gateway(data)

    def test_a_folded_field_is_one_field_or_a_bad_gateway(self):
        answer = self.get(b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\nContent-Length: 5\r\n\r\nhello")
        if answer.status == 200:
            self.assertEqual(answer.get("x-fold"), "a b")
        else:
            self.assertEqual(answer.status, 502)

    def test_a_head_of_256_kib_is_a_bad_gateway(self):
        self.assert_bad_gateway(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 256 * 1024 + b"\r\nContent-Length: 0\r\n\r\n")

    def test_bad_chunks_abort_the_answer(self):
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        for rest in (b"x\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"-1\r\n"):
            with self.subTest(rest=rest):
                try:
                    answer = self.get(start + rest)
                except Closed:
                    continue
                self.assertFalse(answer.complete and answer.status == 200, "a broken answer ended cleanly")

    # 19. Backends that die

    def test_an_answer_cut_short_never_ends_cleanly(self):
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

    def test_an_answer_cut_short_ends_an_http_1_0_client_with_a_reset(self):
        """Its body ends with the connection: only a reset can say that it is not whole."""
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

    # 20. After the answer

    def test_a_connection_with_bytes_after_its_answer_is_not_used_again(self):
        stray = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        for data in (reply(b"ok") + stray,
                     b"HTTP/1.1 204 No Content\r\n\r\n" + stray,
                     b"HTTP/1.1 304 Not Modified\r\n\r\n" + stray,
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"ok") + stray):
            with self.subTest(data=data):
                self.backend.answer = raw(data, keep=True)
                with Client(self.weir.address) as client:
                    client.request()
                    self.backend.answer = respond(b"fresh")
                    self.assertEqual(client.request().body, b"fresh")
                self.assertEqual(len({request.connection for request in self.backend.requests}), 2)
                self.backend.requests.clear()

    def test_103_is_passed_on_before_the_answer_but_not_to_http_1_0(self):
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nConnection: x\r\nX: y\r\n\r\n" + reply(b"ok")
        answer = self.get(early)
        self.assertEqual([(i.status, i.get("link"), i.get("x")) for i in answer.interim],
                         [(103, "</a>; rel=preload", None)])
        self.assertEqual((answer.status, answer.body), (200, b"ok"))
        self.backend.answer = raw(early)
        answer = self.ask(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        self.assertEqual((answer.interim, answer.body), ([], b"ok"))

    def test_100_of_a_backend_is_not_passed_on(self):
        answer = self.get(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"ok"))
        self.assertEqual((answer.interim, answer.body), ([], b"ok"))

    def test_an_unsolicited_101_is_a_bad_gateway(self):
        self.assert_bad_gateway(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")

    def test_hop_by_hop_fields_of_an_answer_are_removed(self):
        answer = self.get(reply(b"ok", fields=[
            ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Authenticate", "Basic"),
            ("Upgrade", "h2c"), ("Trailer", "X"), ("X-Weir-Class", "fake"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
            keep=True)
        for name in ("x-hop", "keep-alive", "proxy-authenticate", "upgrade", "trailer", "x-weir-class"):
            self.assertEqual(answer.all(name), [], name)
        self.assertEqual(answer.all("set-cookie"), ["a=1", "b=2"])

    def test_an_encoding_in_an_http_1_0_answer_ends_its_connection(self):
        """RFC 9112 section 6.1: such framing is faulty, and the connection is not to be trusted again."""
        data = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"ok")
        self.backend.answer = raw(data, keep=True)
        first = self.weir.request()
        self.backend.answer = respond(b"fresh")
        self.assertEqual(self.weir.request().body, b"fresh")
        self.assertIn((first.status, first.body), [(200, b"ok"), (502, first.body)])
        self.assertEqual(len({request.connection for request in self.backend.requests}), 2)


if __name__ == "__main__":
    unittest.main()

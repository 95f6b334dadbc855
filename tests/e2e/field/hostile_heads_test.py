"""Heads made expensive on purpose: refused, or served at a cost in proportion to their length."""

import unittest

from support.backend import raw, reply
from support.process import SharedWeirTest
from support.wire import format_request


class ConnectionLists(SharedWeirTest):
    def test_a_list_that_names_too_much_is_400(self):
        for value in ("x" + "," * 28_000, ",".join(["x"] * 33), "x" * 1100):
            answer = self.ask(format_request("GET", "/", [("Connection", value)]))
            self.assertEqual((answer.status, answer.get("x-weir-decision")), (400, "bad_request"))
        self.assertEqual(self.ask(format_request("GET", "/", [("Connection", "x")] * 33)).status, 400)
        self.assertEqual(self.backend.requests, [])

    def test_a_list_of_usual_length_removes_its_fields(self):
        names = [f"X-Hop-{i}" for i in range(31)]
        fields = [("Connection", ", ".join([*names, "keep-alive"])), *[(name, "1") for name in names], ("X-Hop-31", "1")]
        self.assertEqual(self.ask(format_request("GET", "/", fields)).status, 200)
        self.assertEqual([name for name in self.backend.requests[0].names() if name.startswith("x-hop")], ["x-hop-31"])

    def test_an_answer_with_such_a_list_is_502(self):
        self.backend.answer = raw(reply(b"ok", fields=[("Connection", "x" + "," * 2000)]))
        answer = self.ask(format_request())
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (502, "backend_bad_response"))

    def test_an_answers_list_removes_its_fields(self):
        self.backend.answer = raw(reply(b"ok", fields=[("Connection", "X-Hop, close"), ("X-Hop", "1"), ("X-Kept", "1")]))
        answer = self.ask(format_request())
        self.assertEqual((answer.status, answer.get("x-hop"), answer.get("x-kept")), (200, None, "1"))


class LongerThanAny(SharedWeirTest):
    """Fields longer than in any honest head are not read to their end."""

    def refused(self, expected, fields, target="/", method="GET", body=b""):
        answer = self.ask(format_request(method, target, fields, body))
        self.assertEqual((answer.status, answer.get("x-weir-decision")), expected, fields[:1])
        self.assertEqual(self.backend.requests, [])

    def test_a_proxy_connection_that_names_too_much_is_400(self):
        self.refused((400, "bad_request"), [("Proxy-Connection", ", ".join(["x"] * 33))])

    def test_a_request_through_more_than_64_proxies_is_a_loop(self):
        self.refused((508, "loop_detected"), [("Via", ", ".join(["1.1 a"] * 65))])
        self.refused((508, "loop_detected"), [("Via", "1.1 a")] * 65)
        self.assertEqual(self.ask(format_request("GET", "/", [("Via", ", ".join(["1.1 a"] * 64))])).status, 200)

    def test_too_many_encodings_are_400(self):
        self.refused((400, "bad_request"), [("Transfer-Encoding", "gzip, " * 50 + "chunked")], method="POST")

    def test_a_type_with_too_many_parameters_is_400(self):
        json = ("Content-Type", "application/json" + "; charset=utf-8" * 40)
        self.refused((400, "bad_request"), [json], "/v1/chat/completions", "POST", b"{}")

    def test_a_path_of_too_many_escapes_or_parameters_is_400(self):
        for part in ("%61", "a;b=c/"):
            self.refused((400, "bad_request"), [], "/" + part * (2100 // len(part)))
        self.assertEqual(self.ask(format_request("GET", "/" + "a" * 3000)).status, 200)


class Pieces(SharedWeirTest):
    def test_a_head_that_comes_byte_by_byte_is_read(self):
        with self.weir.connect() as client:
            for byte in format_request("GET", "/a", [("X-A", "x" * 300), ("X-B", "2")]):
                client.send(bytes([byte]))
            self.assertEqual(client.response().status, 200)
        self.assertEqual(self.backend.requests[0].get("x-b"), "2")

    def test_an_answer_whose_head_comes_byte_by_byte_is_read(self):
        def trickle(peer, request):
            peer.trickle(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + reply(b"ok", fields=[("X-A", "x" * 300)]))
            return True
        self.backend.answer = trickle
        answer = self.ask(format_request())
        self.assertEqual((answer.status, answer.body, answer.get("x-a")), (200, b"ok", "x" * 300))
        self.assertEqual([interim.status for interim in answer.interim], [103])

    def test_a_body_in_chunks_of_one_byte_arrives_whole(self):
        body = bytes(i % 251 for i in range(40_000))
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        head = b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.ask(head + chunks).status, 200)
        self.assertEqual(self.backend.requests[0].body, body)


if __name__ == "__main__":
    unittest.main()

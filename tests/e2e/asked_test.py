"""What a request's body asks for: read where it is JSON, refused where it is ambiguous, otherwise unchanged."""

import json
import unittest

from support.policy import small_policy
from support.process import SharedWeirTest, WeirTest

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"


class Bodies(SharedWeirTest):
    """The backend must get exactly the bytes the client sent, or nothing."""

    def post(self, path, body, fields=(JSON,)):
        return self.weir.request("POST", path, list(fields), body)

    def assert_refused(self, path, body, word, fields=(JSON,)):
        self.backend.requests.clear()
        answer = self.post(path, body, fields)
        self.assertEqual(answer.status, 400, (path, body))
        self.assertEqual(answer.get("x-weir-decision"), "bad_request")
        self.assertEqual(self.backend.requests, [])
        return self.assertIn(word, json.loads(answer.body)["error"]["message"]) or answer

    def assert_passed(self, path, body, fields=(JSON,)):
        self.backend.requests.clear()
        self.assertEqual(self.post(path, body, fields).status, 200, (path, body))
        self.assertEqual(self.backend.requests[-1].body, body)

    def test_duplicate_members_that_price_a_request_are_refused(self):
        for body in (b'{"max_tokens":1,"max_tokens":100000}', b'{"model":"a","m\\u006fdel":"b"}',
                     b'{"stream":true,"stream":false}', b'{"n":1,"n":128}'):
            self.assert_refused(CHAT, body, "twice")
            self.assert_refused("/v1/messages", body, "twice")
            self.assert_refused("/v1/something", body, "twice")
        self.assert_passed(CHAT, b'{"tools":1,"tools":2,"user":"a","user":"b"}')

    def test_numbers_must_be_counts(self):
        for number in (b"1.5", b"-1.", b"NaN", b"Infinity", b"1e400", b'"100"', b"99999999999999999999"):
            self.assert_refused("/v1/responses", b'{"max_output_tokens":' + number + b"}", "max_output_tokens")
        self.assert_passed(CHAT, b' {"max_tokens" : 1e2 ,"n":null } ')
        self.assert_passed(CHAT, b'{"max_tokens":-1}')

    def test_anything_but_a_json_object_is_refused_where_one_is_due(self):
        for body in (b"[]", b"hello", b'{"model":"m"', b'\xef\xbb\xbf{"model":"m"}', '{"n":9}'.encode("utf-16-le")):
            self.assert_refused(CHAT, body, "JSON")
            self.assert_refused(CHAT, body, "JSON", fields=())
            self.assert_refused(CHAT, body, "JSON", fields=[("Content-Type", "text/plain")])
            self.assert_passed("/v1/something", body)
        self.assert_passed("/v1/videos", b"--x--", fields=[("Content-Type", "multipart/form-data; boundary=x")])

    def test_the_refusal_is_in_the_dialect_of_the_path(self):
        answer = self.assert_refused("/v1/messages", b"[]", "JSON")
        self.assertEqual(json.loads(answer.body)["error"]["type"], "invalid_request_error")
        self.assertEqual(json.loads(answer.body)["type"], "error")

    def test_a_body_in_pieces_is_read_like_any_other(self):
        head = (f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n").encode()
        answer = self.ask(head + b'4\r\n{"n"\r\n8\r\n:1,"n":2\r\n1\r\n}\r\n0\r\n\r\n')
        self.assertEqual(answer.status, 400)


class BodyClasses(WeirTest):
    """Classes that depend on the body; the class is seen in the log."""

    def setUp(self):
        self.backend = self.start_backend()
        self.weir = self.start_weir(small_policy(self.backend.url, classes=[
            {"name": "large", "match": {"model": ["large*"]}, "backend": "model", "priority": "low"},
            {"name": "flex", "match": {"service_tier": "flex"}, "backend": "model", "priority": "low"},
            {"name": "short", "match": {"prompt_tokens": {"max": 20}, "not": {"stream": True}}, "backend": "model"},
            {"name": "rest", "match": "any", "backend": "model"}]))

    def class_of(self, body, method="POST", fields=(JSON,), target=CHAT):
        before = len(self.weir.access_log())
        self.assertEqual(self.weir.request(method, target, list(fields), body).status, 200)
        self.eventually(lambda: len(self.weir.access_log()) > before)
        return self.weir.access_log()[-1]["class"]

    def test_the_body_decides(self):
        self.assertEqual(self.class_of(b'{"model":"large-70b"}'), "large")
        self.assertEqual(self.class_of(b'{"model":"l\\u0061rge"}'), "large")
        self.assertEqual(self.class_of(b'{"model":"small","service_tier":"flex"}'), "flex")
        self.assertEqual(self.class_of(b'{"model":"small"}'), "short")
        self.assertEqual(self.class_of(b'{"model":"small","stream":true}'), "rest")
        self.assertEqual(self.class_of(b'{"model":"small","x":"' + b"y" * 80 + b'"}'), "rest")

    def test_without_a_body_no_condition_on_it_holds(self):
        self.assertEqual(self.class_of(None, "GET"), "rest")

    def test_a_body_that_cannot_be_read_gets_the_worst_class_still_open(self):
        self.assertEqual(self.class_of(b"model=large", fields=[], target="/"), "large")
        self.assertEqual(self.class_of(b"anything", fields=[("Content-Type", "text/plain")], target="/"), "large")

    def test_a_body_in_pieces_and_a_delayed_one_decide_too(self):
        with self.weir.connect() as client:
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        "Expect: 100-continue\r\nContent-Length: 17\r\n\r\n".encode())
            head = client._until(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 100"), head)
            client.send(b'{"model":"large"}')
            self.assertEqual(client.response().status, 200)
        self.eventually(lambda: self.weir.access_log())
        self.assertEqual(self.weir.access_log()[-1]["class"], "large")


if __name__ == "__main__":
    unittest.main()

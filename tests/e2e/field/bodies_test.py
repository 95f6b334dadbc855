"""A request is judged by what its engine reads: whatever the body's size, coding, spelling or order."""

import gzip
import json
import threading
import time
import unittest
import zlib

from support.policy import small_policy
from support.process import WeirTest
from support.waiting import SLOW, scaled

CHAT = "/v1/chat/completions"
JSON = ("Content-Type", "application/json")
MIB = 1024 * 1024

# Only the body rules out each of the first four; the last is the better class behind them.
CLASSES = [
    {"name": "bulk", "match": {"model": ["bulk-*"]}, "backend": "model", "priority": "sheddable"},
    {"name": "flex", "match": {"service_tier": "flex"}, "backend": "model", "priority": "low"},
    {"name": "streams", "match": {"stream": True}, "backend": "model", "priority": "low"},
    {"name": "embeddings", "match": {"path": "/v1/embeddings"}, "backend": "model", "priority": "low"},
    {"name": "rest", "match": "any", "backend": "model", "priority": "high"}]


class Judged(WeirTest):
    def setUp(self):
        self.backend = self.start_backend()
        self.weir = self.start_weir(small_policy(self.backend.url, classes=CLASSES, listener_limits={"body_bytes": "24MiB"}))

    def send(self, body, fields=(JSON,), target=CHAT, method="POST"):
        self.backend.requests.clear()
        return self.weir.request(method, target, list(fields), body, timeout=scaled(30))

    def class_of(self, body, fields=(JSON,), target=CHAT):
        answer = self.send(body, fields, target)
        self.assertEqual(answer.status, 200, (target, body[:200], answer.body))
        return self.line_of(answer)["class"]

    def line_of(self, answer):
        """What the log says about the request."""
        found = []

        def looks():
            found[:] = [line for line in self.weir.access_log() if line["request_id"] == answer.get("x-request-id")]
            return found
        self.eventually(looks)
        return found[0]

    def assert_refused(self, status, body, fields=(JSON,), target=CHAT):
        answer = self.send(body, fields, target)
        self.assertEqual(answer.status, status, (target, body[:200], answer.body))
        self.assertEqual(self.backend.requests, [])
        return answer


class LargeBodies(Judged):
    def test_whitespace_or_a_large_member_hides_nothing(self):
        space = b" " * MIB
        for body in (b'{"model":"bulk-1","max_tokens":50,"messages":[]' + space + b"}",
                     b'{"messages":[{"role":"user","content":"' + b"x" * (3 * MIB) + b'"}],"model":"bulk-1"}',
                     space + b'{"x":[' + b"[1],\n" * 300_000 + b'[]],"m\\u006fdel":"bulk-1"}' + space):
            self.assertEqual(self.class_of(body), "bulk")
        self.assertEqual(self.class_of(b'{"x":"' + b"y" * (2 * MIB) + b'","stream":true}'), "streams")
        self.assertEqual(self.class_of(b'{"x":"' + b"y" * (2 * MIB) + b'","service_tier":"flex"}'), "flex")
        self.assertEqual(self.class_of(b'{"x":"' + b"y" * (2 * MIB) + b'","model":"other"}'), "rest")

    def test_a_large_body_is_held_to_the_same_rules(self):
        filler = b'"x":"' + b"y" * (2 * MIB) + b'",'
        self.assert_refused(400, b'{"model":"rest",' + filler + b'"model":"bulk-1"}')
        self.assert_refused(400, b'{' + filler + b'"model":"rest"')

    def test_a_large_body_reaches_the_backend_as_it_was_sent(self):
        body = json.dumps({"messages": [{"role": "user", "content": "é\n" * MIB}], "model": "bulk-1"}).encode()
        self.class_of(body)
        self.assertEqual(self.backend.requests[0].body, body)
        self.assertEqual(self.backend.requests[0].get("content-length"), str(len(body)))

    def test_a_large_body_in_chunks_is_one_body(self):
        body = b'{"x":"' + b"y" * (2 * MIB) + b'","model":"bulk-1"}'
        head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        client = self.client(self.weir, timeout=scaled(20))
        client.send(head.encode() + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in
                                             (body[i:i + 4321] for i in range(0, len(body), 4321))) + b"0\r\n\r\n")
        answer = client.response()
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.line_of(answer)["class"], "bulk")
        self.assertEqual(self.backend.requests[0].body, body)

    def test_a_body_over_the_limit_is_refused_while_it_arrives(self):
        weir = self.start_weir(small_policy(self.backend.url, classes=CLASSES, listener_limits={"body_bytes": "1MiB"}))
        client = self.client(weir)
        head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.try_send(head.encode() + b"200000\r\n" + b'{"x":"' + b"y" * (2 * MIB))
        answer = client.response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (413, "body_too_large"))


class Codings(Judged):
    BODY = json.dumps({"x": [i * i for i in range(50_000)], "model": "bulk-1"}).encode()

    def assert_decoded(self, coding, coded):
        self.assertEqual(self.class_of(coded, [JSON, ("Content-Encoding", coding)]), "bulk")
        passed = self.backend.requests[0]
        self.assertEqual((passed.body, passed.get("content-encoding"), passed.get("content-length")),
                         (self.BODY, None, str(len(self.BODY))))

    def test_a_compressed_body_is_judged_by_what_is_in_it(self):
        self.assert_decoded("gzip", gzip.compress(self.BODY))
        self.assert_decoded("X-Gzip", gzip.compress(self.BODY[:1000]) + gzip.compress(self.BODY[1000:]))
        self.assert_decoded("deflate", zlib.compress(self.BODY))
        bare = zlib.compressobj(wbits=-15)
        self.assert_decoded("deflate", bare.compress(self.BODY) + bare.flush())

    def test_an_unknown_coding_is_415_and_lists_the_known_ones(self):
        for coding in ("compress", "gzip, gzip", "gzip, br", "foo"):
            answer = self.assert_refused(415, b"{}", [JSON, ("Content-Encoding", coding)])
            self.assertEqual(answer.get("accept-encoding"), "gzip, deflate, zstd, br")
            self.assertEqual(answer.get("x-weir-decision"), "unsupported_coding")
        self.assert_refused(415, b"{}", [JSON, ("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")])

    def test_a_body_that_is_not_in_its_declared_coding_is_refused(self):
        whole = gzip.compress(self.BODY)
        for coded in (b"{}", whole[:-9], whole + b"x", whole[:10]):
            self.assert_refused(400, coded, [JSON, ("Content-Encoding", "gzip")])

    def test_a_body_that_expands_too_much_is_refused_early(self):
        bomb = gzip.compress(b'{"x":"' + b" " * (20 * MIB) + b'"}')
        self.assertEqual(self.assert_refused(413, bomb, [JSON, ("Content-Encoding", "gzip")]).get("x-weir-decision"), "body_too_large")
        before = self.weir.resident_bytes()
        for _ in range(20):
            self.send(bomb, [JSON, ("Content-Encoding", "gzip")])
        if SLOW == 1:  # a sanitizer keeps much of the freed memory
            self.assertLess(self.weir.resident_bytes() - before, 8 * MIB)

    def test_on_other_calls_an_unknown_coding_passes_in_the_worst_class(self):
        coded = [JSON, ("Content-Encoding", "foo")]
        self.assertEqual(self.class_of(b"\x01\x02", coded, "/v1/other"), "bulk")
        self.assertEqual(self.backend.requests[0].body, b"\x01\x02")
        self.assertEqual(self.backend.requests[0].get("content-encoding"), "foo")

    def test_identity_is_no_coding(self):
        self.assertEqual(self.class_of(b'{"model":"bulk-1"}', [JSON, ("Content-Encoding", "identity")]), "bulk")


class Spellings(Judged):
    def test_a_path_is_the_same_in_every_spelling(self):
        for target in ("/v1/embedding%73", "/v1/%65mbeddings", "/v1/embeddings/", "/v1/embeddings?x=1"):
            self.assertEqual(self.class_of(b"{}", target=target), "embeddings", target)
        self.assertEqual(self.class_of(b'{"model":"bulk-1","model_":1}', target="/v1/chat/complet%69ons"), "bulk")
        self.assertEqual(self.backend.requests[0].target, CHAT)
        self.assert_refused(400, b"hello", target="/v1/chat/complet%69ons")

    def test_an_ambiguous_path_is_refused(self):
        for target in ("//v1/embeddings", "/v1//embeddings", "/v1/./embeddings", "/v1/a/../embeddings", "/v1%2fembeddings",
                       "/v1/embeddings%00", "/v1%5cembeddings", "/v1/embeddings;x", "/v1/embeddings%3bx", "/v1;x/embeddings",
                       "/V1/Embeddings", "/v1/chat/Completions", "/v1/%2e%2e/v1/embeddings", "/v1/embeddings/."):
            self.assert_refused(400, b"{}", target=target)

    def test_a_raw_listener_takes_paths_as_they_are(self):
        policy = small_policy(self.backend.url)
        policy["listeners"][0]["paths"] = "raw"
        weir = self.start_weir(policy)
        for target in ("//v1/x", "/v1/./x", "/a%2fb", "/a/../b", "/%61"):
            self.backend.requests.clear()
            self.assertEqual(weir.request("GET", target).status, 200)
            self.assertEqual(self.backend.requests[0].target, target)

    def test_members_that_differ_from_known_ones_only_in_case_are_refused(self):
        for body in (b'{"model":"small","MODEL":"bulk-1"}', b'{"MODEL":"bulk-1"}', b'{"max_tokens":1,"Max_Tokens":500}',
                     '{"\u017ftream":true}'.encode(), '{"max_to\u212aens":5}'.encode(), b'{"\\u004dodel":"x"}'):
            self.assert_refused(400, body)
            self.assert_refused(400, body, target="/v1/messages")

    def test_fields_that_name_another_reader_are_refused(self):
        body = b'{"model":"bulk-1"}'
        form = ("Content-Type", "multipart/form-data; boundary=b")
        self.assert_refused(415, body, [form])
        self.assert_refused(400, body, [JSON, form])
        self.assert_refused(400, body, [JSON, JSON])
        self.assert_refused(400, body, [("Content-Type", "application/json, multipart/form-data; boundary=b")])
        self.assert_refused(400, body, [JSON, ("Connection", "content-type")])
        self.assert_refused(400, body, [JSON, ("Connection", "close, Content-Encoding")])
        self.assert_refused(415, body, [("Content-Type", "application/json; charset=utf-7")])
        self.assert_refused(415, body, [("Content-Type", "application/json;charset=\"UTF-16\"")])
        self.assertEqual(self.class_of(body, [("Content-Type", "application/json; charset=UTF-8")]), "bulk")
        self.assertEqual(self.class_of(body, [("Content-Type", "application/x-www-form-urlencoded")]), "bulk")

    def test_an_unread_body_gets_the_worst_class_that_it_may_lead_to(self):
        self.assertEqual(self.class_of(b"\x01\x02", [("Content-Type", "application/octet-stream")], "/v1/audio/x"), "bulk")
        form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nother\r\n--b--'
        self.assertEqual(self.class_of(form, [("Content-Type", "multipart/form-data; boundary=b")], "/v1/audio/x"), "rest")
        form = form.replace(b"other", b"bulk-9")
        self.assertEqual(self.class_of(form, [("Content-Type", "multipart/form-data; boundary=b")], "/v1/audio/x"), "bulk")

    def test_types_are_not_checked_where_members_mean_something_else(self):
        for target, body in (("/v1/images/generations", b'{"size":512}'), ("/v2/models/m/generate", b'{"max_tokens":[[64]]}'),
                             ("/v2/models/m/infer", b'{"model":{}}')):
            self.assertEqual(self.class_of(body, target=target), "rest")

    def test_a_negative_length_counts_as_none(self):
        self.assertEqual(self.class_of(b'{"model":"m","max_tokens":-1}'), "rest")
        self.assertEqual(self.backend.requests[0].body, b'{"model":"m","max_tokens":-1}')


class Priorities(WeirTest):
    BODY = b'{"priority":-1000,"model":"m","nvext":{"agent_hints":{"priority":9},"x":1}}'

    def passed(self, priority=None, peer_trusted=False, body=BODY, target=CHAT):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(
            backend.url, backend={"priority": priority} if priority else {}, clients={"trusted_proxies": ["127.0.0.0/8"]} if peer_trusted else {},
            classes=[{"name": "all", "match": "any", "backend": "model", "priority": "high"}]))
        self.assertEqual(weir.request("POST", target, [JSON], body).status, 200)
        return json.loads(backend.requests[0].body)

    def test_a_caller_cannot_set_the_priority(self):
        self.assertEqual(self.passed(), {"model": "m", "nvext": {"x": 1}})
        self.assertEqual(self.passed("strip"), {"model": "m", "nvext": {"x": 1}})
        self.assertEqual(self.passed("vllm"), {"priority": 1, "model": "m", "nvext": {"x": 1}})
        self.assertEqual(self.passed("sglang"), {"priority": 3, "model": "m", "nvext": {"x": 1}})
        self.assertEqual(self.passed("dynamo"), {"model": "m", "nvext": {"agent_hints": {"priority": 3}, "x": 1}})
        self.assertEqual(self.passed(target="/generate", body=b'{"priority":-9,"a":1}'), {"a": 1})
        self.assertEqual(self.passed(target="/tickets", body=b'{"priority":"high"}'), {"priority": "high"})

    def test_a_trusted_proxy_may_set_the_priority_where_weir_writes_none(self):
        self.assertEqual(self.passed(peer_trusted=True), json.loads(self.BODY))
        self.assertEqual(self.passed("vllm", peer_trusted=True)["priority"], 1)


class Lengths(WeirTest):
    def test_all_names_of_a_length_are_clamped(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(
            backend.url, classes=[{"name": "all", "match": "any", "backend": "model"}],
            degrade=[{"name": "short", "when": {"class": "all", "pressure": 0}, "do": {"max_output_tokens": 64}}]))
        for body, expected in (
                ({"max_tokens": 1, "n_predict": 500}, {"max_tokens": 1, "n_predict": 64}),
                ({"max_tokens": 1, "options": {"num_predict": 500}}, {"max_tokens": 1, "options": {"num_predict": 64}}),
                ({"max_tokens": -1}, {"max_tokens": 64}),
                ({"n_predict": -1}, {"n_predict": 64, "max_tokens": 64})):
            backend.requests.clear()
            self.assertEqual(weir.request("POST", CHAT, [JSON], json.dumps(body).encode()).status, 200)
            self.assertEqual(json.loads(backend.requests[0].body), expected)


class Uploads(WeirTest):
    def test_slow_bodies_hold_no_slot_and_time_out(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, capacity=4, listener_limits={"body_timeout": "500ms", "body_rate": "10KiB"})
        clients = [self.client(weir) for _ in range(8)]
        for client in clients:
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n".encode())
            self.assertEqual(client._until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
        self.assertEqual(weir.inflight(), 0)
        stop = threading.Event()

        def dribble():
            while not stop.wait(0.05):
                for client in clients:
                    client.try_send(b" ")
        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        self.assertEqual(weir.request("POST", CHAT, [JSON], b"{}").status, 200)
        begun = time.monotonic()
        self.assertEqual([client.response().status for client in clients], [408] * 8)
        self.assertLess(time.monotonic() - begun, scaled(8))
        stop.set()
        thread.join()


class Videos(WeirTest):
    def setUp(self):
        self.backend = self.start_backend()
        self.weir = self.start_weir(small_policy(self.backend.url, classes=[
            {"name": "all", "match": "any", "backend": "model", "limits": {"video": {"rate": "30/h", "burst": 30}}}]))

    def test_seconds_have_one_reading_or_none(self):
        for seconds in (b'" 20"', b'"2e1"', b'"020"', b'"20.0"', b"-1", b"4.5", b'""', b"[20]", b'"many"'):
            self.assertEqual(self.weir.request("POST", "/v1/videos", [JSON], b'{"seconds":' + seconds + b"}").status, 400, seconds)
        self.assertEqual(self.weir.request("POST", "/v1/videos", [JSON], b'{"seconds":"\\u0032\\u0030"}').status, 200)
        self.assertEqual(self.weir.request("POST", "/v1/videos", [JSON], b'{"seconds":2e1}').status, 429, "20 of 30 are gone")

    def test_a_form_is_read_behind_a_picture_and_past_a_decoy(self):
        def part(name, value, more=b""):
            return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"
        picture = part(b"input_reference", b"\x89PNG" + b"\r\n--" * (MIB // 4), b'; filename="a.png"')
        decoy = part(b"prompt", b'name="seconds"\r\n\r\n4\r\n')
        body = decoy + picture + part(b"seconds", b"25") + b"--b--\r\n"
        form = [("Content-Type", "multipart/form-data; boundary=b")]
        self.assertEqual(self.weir.request("POST", "/v1/videos", form, body).status, 200)
        self.assertEqual(self.backend.requests[0].body, body)
        self.assertEqual(self.weir.request("POST", "/v1/videos", form, body).status, 429)
        twice = part(b"seconds", b"4") + part(b"seconds", b"25") + b"--b--\r\n"
        self.assertEqual(self.weir.request("POST", "/v1/videos", form, twice).status, 400)


if __name__ == "__main__":
    unittest.main()

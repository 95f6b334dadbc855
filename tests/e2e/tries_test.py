"""When a request is sent again: to another endpoint, to a fallback backend, and when it is not."""

import json
import time
import unittest

from support.backend import respond
from support.policy import small_policy
from support.process import WeirTest, free_port

CHAT = "/v1/chat/completions"
JSON = [("Content-Type", "application/json")]
ASK = b'{"model":"large","messages":[]}'


def answers(status, body=b"{}"):
    return respond(body, status)


def resets(peer, request):
    return False


def hangs(peer, request):
    peer.wait_until_closed()
    return False


def hangs_after_head(peer, request):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    return hangs(peer, request)


class Tries(WeirTest):
    def start(self, *answers_of, **backend):
        engines = [self.start_backend(answer) for answer in answers_of]
        return engines, self.start_weir(small_policy(*(engine.url for engine in engines), backend=backend))

    def post(self, weir, path=CHAT, body=ASK, fields=()):
        return weir.request("POST", path, [*JSON, *fields], body)

    def test_an_answer_that_says_busy_is_tried_elsewhere(self):
        for status in ("429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout",
                       "529 Overloaded"):
            with self.subTest(status=status):
                engines, weir = self.start(answers(status), answers("200 OK"), ejection={"failures": 0})
                got = [self.post(weir) for _ in range(6)]
                self.assertEqual([answer.status for answer in got], [200] * 6)
                again = [answer for answer in got if answer.get("x-weir-attempts") == "2"]
                self.assertEqual(len(again), len(engines[0].requests))
                self.assertGreater(len(again), 0)
                cause = status.split()[0]
                self.assertEqual(weir.count("weir_tries_total", cause=cause), len(again))

    def test_an_answer_is_passed_on_where_there_is_no_other_place(self):
        engines, weir = self.start(answers("503 Service Unavailable", b'{"engine":"busy"}'))
        got = self.post(weir)
        self.assertEqual((got.status, got.body), (503, b'{"engine":"busy"}'))
        self.assertIsNone(got.get("x-weir-attempts"))
        self.assertEqual(len(engines[0].requests), 1)

    def test_not_where_the_policy_says_so(self):
        for tries in ({"most": 1}, {"on": ["connect"]}):
            engines, weir = self.start(answers("503 Service Unavailable"), answers("503 Service Unavailable"), tries=tries)
            self.assertEqual(self.post(weir).status, 503)
            self.assertEqual(sum(len(engine.requests) for engine in engines), 1, tries)

    def test_what_would_be_done_twice_is_sent_once(self):
        engines, weir = self.start(answers("503 Service Unavailable"), answers("503 Service Unavailable"))
        self.assertEqual(self.post(weir, "/v1/batches").status, 503)
        self.assertEqual(sum(len(engine.requests) for engine in engines), 1)

    def test_but_one_that_is_over_a_rate_was_not_done(self):
        engines, weir = self.start(answers("429 Too Many Requests"), answers("200 OK"))
        self.assertEqual([self.post(weir, "/v1/batches").status for _ in range(4)], [200] * 4)

    def test_silence_before_the_first_byte(self):
        engines, weir = self.start(hangs, answers("200 OK"), timeouts={"first_byte": "300ms"})
        stream = b'{"model":"large","stream":true,"messages":[]}'
        got = [self.post(weir, body=stream) for _ in range(3)]
        self.assertEqual([answer.status for answer in got], [200] * 3)
        self.assertEqual(weir.count("weir_tries_total", cause="first_byte"), len(engines[0].requests))

    def test_silence_behind_the_head_has_reached_no_client(self):
        engines, weir = self.start(hangs_after_head, answers("200 OK"), timeouts={"idle": "300ms"},
                                   ejection={"failures": 2})
        stream = b'{"model":"large","stream":true,"messages":[]}'
        got = [self.post(weir, body=stream) for _ in range(8)]
        self.assertEqual([answer.status for answer in got], [200] * 8)
        self.assertEqual(weir.count("weir_tries_total", cause="first_byte"), len(engines[0].requests))
        self.assertLessEqual(len(engines[0].requests), 2, "it was ejected for it")
        self.assertGreater(len(engines[0].requests), 0)

    def test_a_head_passes_where_there_is_no_other_place(self):
        engines, weir = self.start(hangs_after_head, timeouts={"idle": "1s"})
        got = self.post(weir, body=b'{"model":"large","stream":true,"messages":[]}')
        self.assertEqual((got.status, got.get("content-type")), (200, "text/event-stream"))

    def test_an_error_is_passed_on_until_it_is_known_to_be_the_endpoints(self):
        engines, weir = self.start(answers("500 Internal Server Error"), answers("200 OK"), ejection={"failures": 0})
        got = [self.post(weir).status for _ in range(60)]
        self.assertIn(500, got[:20])
        self.assertEqual(set(got[30:]), {200}, "the others are known to do better by then")
        self.assertGreater(weir.count("weir_tries_total", cause="500"), 0)

    def test_an_error_of_every_endpoint_is_passed_on(self):
        engines, weir = self.start(answers("500 Internal Server Error"), answers("500 Internal Server Error"))
        self.assertEqual([self.post(weir).status for _ in range(10)], [500] * 10)
        self.assertEqual(sum(len(engine.requests) for engine in engines), 10)

    def test_the_access_log_counts_the_tries(self):
        engines, weir = self.start(answers("503 Service Unavailable"), answers("200 OK"))
        while len(engines[0].requests) == 0:
            self.post(weir)
        self.eventually(lambda: any(line.get("attempts") == 2 for line in weir.access_log()))


class Fallback(WeirTest):
    def start(self, home, other, home_keys=None, other_keys=None, **cls):
        engines = [self.start_backend(home) if home else None, self.start_backend(other)]
        policy = small_policy(engines[0].url if home else f"http://127.0.0.1:{free_port()}", backend=home_keys or {})
        policy["classes"][0].update(cls)
        policy["backends"][0]["fallback"] = "other"
        policy["backends"].append({"name": "other", "endpoints": engines[1].url, "capacity": {"requests": 8},
                                   **(other_keys or {})})
        return engines, self.start_weir(policy)

    def post(self, weir, body=ASK):
        return weir.request("POST", CHAT, JSON, body)

    def test_serves_what_the_only_endpoint_cannot(self):
        for home in (answers("503 Service Unavailable"), resets):
            engines, weir = self.start(home, answers("200 OK"))
            got = self.post(weir)
            self.assertEqual((got.status, got.get("x-weir-attempts")), (200, "2"))

    def test_gets_the_model_by_its_own_name_and_no_priority_of_another_engine(self):
        engines, weir = self.start(resets, answers("200 OK", b'{"model":"gpt-x"}'),
                                   home_keys={"priority": "vllm", "models": {"large": "theirs"}},
                                   other_keys={"models": {"large": "gpt-x"}, "auth": {"bearer": "ours"}})
        got = self.post(weir)
        self.assertEqual(json.loads(got.body), {"model": "large"})
        self.assertEqual(json.loads(engines[0].requests[0].body), {"model": "theirs", "messages": [], "priority": 2})
        self.assertEqual(json.loads(engines[1].requests[0].body), {"model": "gpt-x", "messages": []})
        self.assertEqual(engines[1].requests[0].all("authorization"), ["Bearer ours"])

    def test_serves_while_no_endpoint_is_available(self):
        engines, weir = self.start(None, answers("200 OK"), home_keys={"ejection": {"failures": 0}, "health": {
            "path": "/", "every": "50ms", "timeout": "40ms", "fall": 1}})
        self.eventually(lambda: weir.count("weir_backend_up", backend="model") == 0)
        began = time.monotonic()
        got = self.post(weir)
        self.assertEqual((got.status, got.get("x-weir-attempts")), (200, None))
        self.assertLess(time.monotonic() - began, 2)

    def test_keeps_the_limits_of_the_class_once(self):
        engines, weir = self.start(resets, answers("200 OK"), limits={"requests": {"rate": "1/min", "burst": 4}})
        self.assertEqual([self.post(weir).status for _ in range(6)], [200] * 4 + [429] * 2)

    def test_what_it_says_is_the_answer_when_it_fails_too(self):
        engines, weir = self.start(answers("503 Service Unavailable", b"a"), answers("503 Service Unavailable", b"b"))
        got = self.post(weir)
        self.assertEqual((got.status, got.body, got.get("x-weir-attempts")), (503, b"b", "2"))


class WhenDown(WeirTest):
    def start(self, **cls):
        engine = self.start_backend()
        policy = small_policy(engine.url, backend={"health": {"every": "50ms", "timeout": "40ms", "fall": 1}})
        policy["classes"][0].update({"queue_timeout": "1s", **cls})
        weir = self.start_weir(policy)
        engine.stop()
        self.eventually(lambda: weir.count("weir_backend_up", backend="model") == 0)
        return weir

    def test_a_request_waits(self):
        began = time.monotonic()
        got = self.start().request("POST", CHAT, JSON, ASK)
        self.assertEqual((got.status, got.get("x-weir-decision")), (503, "no_endpoint"))
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_or_fails_at_once(self):
        weir = self.start(when_down="fail")
        began = time.monotonic()
        got = weir.request("POST", CHAT, JSON, ASK)
        self.assertEqual((got.status, got.get("x-weir-decision")), (503, "no_endpoint"))
        self.assertLess(time.monotonic() - began, 0.8)


if __name__ == "__main__":
    unittest.main()

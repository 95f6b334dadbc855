"""The law of the judge on the real binary: the cost of a request, the order of the queue, the priority for the engine."""

import json
import re
import subprocess
import threading
import time
import unittest

from support.backend import event_stream, hold, reply
from support.mock import Mock
from support.policy import sha256, small_policy
from support.process import BINARY, WeirTest
from support.waiting import scaled, stays
from support.wire import Response, format_request

KEYS = {"direct": "direct-key-1", "bulk": "bulk-key-2"}
JSON = ("Content-Type", "application/json")


def bearer(name):
    return ("Authorization", f"Bearer {KEYS[name]}")


def policy(*endpoints, capacity=None, backend=None, bulk=None, direct=None, **more):
    """A bulk class and a direct one, distinguished by key."""
    described = {"requests": 16, **(capacity or {})}
    return small_policy(
        *endpoints, backend={"capacity": described, **(backend or {})},
        clients={"api_keys": [{"name": name, "sha256": sha256(key)} for name, key in KEYS.items()]},
        classes=[{"name": "bulk", "match": {"api_key": "bulk"}, "backend": "model", "priority": "sheddable", **(bulk or {})},
                 {"name": "direct", "match": "any", "backend": "model", "priority": "critical", **(direct or {})}], **more)


def chat(prompt="hello", **members):
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": prompt}], **members}).encode()


def post(body, *fields):
    return format_request("POST", "/v1/chat/completions", [JSON, *fields], body)


class Prompts(WeirTest):
    def test_a_long_prompt_waits_for_the_first_token_of_another(self):
        go = threading.Event()
        backend = self.start_backend(hold(go, then=event_stream(1)))
        weir = self.start_weir(policy(backend.url, capacity={"prompt_tokens": 1000}))
        first, second, small = (self.client(weir) for _ in range(3))
        first.send(post(chat("x" * 3000, stream=True)))
        backend.wait_for(1)
        second.send(post(chat("y" * 3000, stream=True)))
        self.eventually(lambda: weir.waiting("direct") == 1)
        self.assert_soon_equal(lambda: weir.metrics().sum("weir_pending_prompt_tokens") // 100, 7)
        self.assertTrue(stays(lambda: weir.inflight() == 1))
        go.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual(second.response().status, 200)
        self.assert_idle(weir)
        self.assert_soon_equal(lambda: weir.metrics().sum("weir_pending_prompt_tokens"), 0)
        self.assert_soon_equal(lambda: weir.metrics().sum("weir_inflight_tokens"), 0)

    def test_a_body_that_is_not_json_has_no_prompt(self):
        go = threading.Event()
        backend = self.start_backend(hold(go))
        weir = self.start_weir(policy(backend.url, capacity={"prompt_tokens": 100}))
        clients = [self.client(weir) for _ in range(3)]
        for client in clients:
            client.send(format_request("POST", "/v1/audio/transcriptions", [("Content-Type", "audio/wav")], b"x" * 5000))
        self.eventually(lambda: weir.inflight() == 3)
        go.set()
        for client in clients:
            self.assertEqual(client.response().status, 200)


class Context(WeirTest):
    def test_streams_fill_the_engines_cache_as_they_grow(self):
        go = threading.Event()
        self.addCleanup(go.set)
        backend = self.start_backend(event_stream(400, gap=lambda i: i < 300 or go.wait(scaled(20))))
        weir = self.start_weir(policy(backend.url, capacity={"context_tokens": 600}))
        first, second = self.client(weir), self.client(weir)
        first.send(post(chat("x" * 600, stream=True)))
        # About 170 of the prompt, and 300 events: what is left of 570 is less than the second prompt.
        self.eventually(lambda: weir.metrics().sum("weir_inflight_tokens") > 440)
        second.send(post(chat("x" * 600, stream=True)))
        self.eventually(lambda: weir.waiting("direct") == 1)
        self.assertTrue(stays(lambda: weir.inflight() == 1))
        go.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual(second.response().status, 200)
        self.assert_idle(weir)
        self.assert_soon_equal(lambda: weir.metrics().sum("weir_inflight_tokens"), 0)

    def test_the_size_of_the_cache_is_read_from_the_engine(self):
        page = b'vllm:cache_config_info{block_size="16",num_gpu_blocks="1000"} 1.0\n'

        def answer(peer, request):
            peer.send(reply(page if request.target == "/engine" else b"ok"))
            return True
        backend = self.start_backend(answer)
        weir = self.start_weir(policy(backend.url, capacity={"context_tokens": "read"},
                                      backend={"metrics": {"path": "/engine"}}))
        self.eventually(lambda: weir.metrics().sum("weir_limit_tokens") == 16000)

    def test_an_engine_without_a_cache_size_is_not_limited_and_named_in_the_log(self):
        backend = self.start_backend()
        weir = self.start_weir(policy(backend.url, capacity={"context_tokens": "read"}))
        self.eventually(lambda: "does not say how many tokens" in weir.stderr())
        self.assertEqual(weir.request("POST", "/v1/chat/completions", [JSON], chat("x" * 90000)).status, 200)


class Gauges(WeirTest):
    """What an engine says of itself, against what the policy says of it."""

    def start(self, page, **capacity):
        def answer(peer, request):
            peer.send(reply(page["text"] if request.target == "/engine" else b"ok"))
            return True
        backend = self.start_backend(answer)
        return self.start_weir(policy(backend.url, capacity=capacity,
                                      backend={"metrics": {"path": "/engine", "gauges": True}}))

    def limits(self, weir):
        metrics = weir.metrics()
        return (metrics.sum("weir_limit_requests"), metrics.sum("weir_limit_contradicted", limit="requests"))

    def test_an_engine_that_takes_fewer_than_the_policy_says_is_believed_and_reported(self):
        page = {"text": b"vllm:num_requests_running 3\nvllm:num_requests_waiting 5\nvllm:kv_cache_usage_perc 0.1\n"}
        weir = self.start(page, requests=64)
        self.eventually(lambda: self.limits(weir) == (3, 1), within=20)
        self.assertIn("runs 3 requests at once and lets others wait", weir.stderr())
        # It is shown once: that it says nothing any more leaves the policy's value in force, a while later.
        page["text"] = b"nothing 1\n"
        self.eventually(lambda: self.limits(weir) == (64, 0), within=20)
        self.assertIn("says nothing of its load", weir.stderr())

    def test_an_engine_that_keeps_nobody_waiting_changes_nothing(self):
        page = {"text": b"vllm:num_requests_running 3\nvllm:num_requests_waiting 0\nvllm:kv_cache_usage_perc NaN\n"}
        weir = self.start(page, requests=64)
        self.assertTrue(stays(lambda: self.limits(weir) == (64, 0)))


class EnginePriority(WeirTest):
    def bodies(self, weir, backend, *requests, path="/v1/chat/completions"):
        for fields, body in requests:
            self.assertEqual(weir.request("POST", path, [JSON, *fields], body).status, 200)
        return [request.body for request in backend.requests]

    def test_the_priority_is_written_into_the_body_and_nothing_else_changes(self):
        backend = self.start_backend()
        weir = self.start_weir(policy(backend.url, backend={"priority": "vllm"}))
        body = chat("hi", stream=False)
        own = b'{"priority":-100,' + body[1:]
        bulk, direct, spoofed = self.bodies(weir, backend, ([bearer("bulk")], body), ([], body), ([bearer("bulk")], own))
        self.assertEqual(bulk, b'{"priority":4,' + body[1:])
        self.assertEqual(direct, b'{"priority":0,' + body[1:])
        self.assertEqual(spoofed, bulk)
        for request in backend.requests:
            self.assertEqual(int(request.get("content-length")), len(request.body))

    def test_a_caller_cannot_set_the_engines_priority(self):
        backend = self.start_backend()
        weir = self.start_weir(policy(backend.url))
        body = b'{"priority":-100,"a":1}'
        self.assertEqual(self.bodies(weir, backend, ([], body)), [b'{"a":1}'])

    def test_a_body_that_is_not_an_object_passes_unchanged(self):
        backend = self.start_backend()
        weir = self.start_weir(policy(backend.url, backend={"priority": "vllm"}))
        self.assertEqual(self.bodies(weir, backend, ([], b"[1]"), ([], b'{"a":1'), path="/v1/other"), [b"[1]", b'{"a":1'])


class Guarantee(WeirTest):
    def test_a_bulk_class_keeps_its_share_against_a_better_one(self):
        go = threading.Event()
        backend = self.start_backend(hold(go))
        weir = self.start_weir(policy(backend.url, capacity={"requests": 4}, bulk={"guarantee": "25%"},
                                      direct={"queue_timeout": "20s"}))
        clients = [self.client(weir) for _ in range(6)]
        # The first four run: requests of several connections may be read in another order than they were sent.
        for client in clients[:4]:
            client.send(post(chat()))
        self.eventually(lambda: weir.inflight("direct") == 4)
        clients[4].send(post(chat()))
        self.eventually(lambda: weir.waiting("direct") == 1)
        clients[5].send(post(chat(), bearer("bulk")))
        self.eventually(lambda: weir.waiting("bulk") == 1)
        clients[0].close()  # a slot: it is the bulk class's guarantee, though a better one waits
        self.eventually(lambda: weir.inflight("bulk") == 1)
        self.assert_soon_equal(lambda: weir.waiting("direct"), 1)
        go.set()
        for client in clients[1:]:
            self.assertEqual(client.response().status, 200)


class Eviction(WeirTest):
    def weir_before(self, backend, **bulk):
        return self.start_weir(policy(backend.url, capacity={"requests": 1}, bulk={"preemptible": True, **bulk},
                                      direct={"queue_timeout": "400ms"}))

    def test_a_running_stream_is_preempted_for_a_better_class_that_has_waited(self):
        go = threading.Event()
        self.addCleanup(go.set)
        # The first of the two streams stops after its first event.
        backend = self.start_backend(event_stream(2, gap=lambda i: i == 0 or len(backend.requests) > 1 or go.wait(scaled(20))))
        weir = self.weir_before(backend)
        bulk, direct = self.client(weir), self.client(weir)
        bulk.send(post(chat(stream=True), bearer("bulk")))
        self.assertEqual(bulk.head().status, 200)
        began = time.monotonic()
        direct.send(post(chat(stream=True)))
        self.assertEqual(direct.head().status, 200)
        self.assertGreater(time.monotonic() - began, 0.19)
        # It had its first event, and then an error: never anything that could be taken for a clean end.
        answer = Response(200, "", "HTTP/1.1", [])
        events = list(bulk.chunks(answer))
        self.assertLessEqual(len(events), 2)
        self.assertIn(b'"code":"server_is_overloaded"', events[-1])
        self.assertFalse(answer.complete)
        self.eventually(lambda: weir.count("weir_requests_total", **{"class": "bulk", "outcome": "shed"}) == 1)
        self.assert_soon_equal(lambda: weir.count("weir_shed_total", **{"class": "bulk", "reason": "evicted", "mode": "enforce"}), 1)
        self.eventually(lambda: [line for line in weir.access_log() if line["reason"] == "evicted"])
        line = next(line for line in weir.access_log() if line["reason"] == "evicted")
        self.assertEqual((line["class"], line["gate"], line["limit"]), ("bulk", "eviction", 0.2))

    def test_a_preempted_request_without_an_answer_gets_a_real_status(self):
        go = threading.Event()
        self.addCleanup(go.set)
        backend = self.start_backend(hold(go))
        weir = self.weir_before(backend)
        bulk, direct = self.client(weir), self.client(weir)
        bulk.send(post(chat(), bearer("bulk")))
        backend.wait_for(1)
        direct.send(post(chat()))
        answer = bulk.response()
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.get("x-weir-decision"), "evicted")
        self.eventually(lambda: weir.inflight("direct") == 1)

    def test_preemption_is_off_by_default(self):
        go = threading.Event()
        backend = self.start_backend(hold(go))
        weir = self.weir_before(backend, preemptible=False)
        bulk, direct = self.client(weir), self.client(weir)
        bulk.send(post(chat(), bearer("bulk")))
        backend.wait_for(1)
        direct.send(post(chat()))
        self.assertEqual(direct.response().status, 503)
        go.set()
        self.assertEqual(bulk.response().status, 200)


class Tiers(WeirTest):
    """`service_tier` as a hint: it lowers a standing, raises one only where the key is entitled, and is reported back."""

    def test_the_tier_decides_the_class_and_the_answer_names_it(self):
        go = threading.Event()
        self.addCleanup(go.set)
        backend = self.start_backend(hold(go))
        base = policy(backend.url, capacity={"requests": 1}, backend={"priority": "vllm"})
        base["classes"] = [
            {"name": "flex", "match": {"service_tier": "flex"}, "backend": "model", "priority": "sheddable", "service_tier": "flex"},
            {"name": "first", "match": {"api_key": "direct", "service_tier": "priority"}, "backend": "model",
             "priority": "critical", "service_tier": "priority"},
            {"name": "rest", "match": "any", "backend": "model", "priority": "normal", "service_tier": "default"}]
        weir = self.start_weir(base)
        held = self.client(weir)
        held.send(post(chat("held")))
        backend.wait_for(1)
        asked = [("flex", []), ("priority", []), (None, []), ("auto", []), ("priority", [bearer("direct")])]
        clients = []
        for i, (tier, fields) in enumerate(asked):
            clients.append(self.client(weir))
            clients[-1].send(post(chat(str(i), **({"service_tier": tier} if tier else {})), *fields))
            self.eventually(lambda: weir.waiting() == i + 1)
        go.set()
        answers = [client.response() for client in [held, *clients]]
        self.assertEqual([answer.get("x-weir-service-tier") for answer in answers],
                         ["default", "flex", "default", "default", "default", "priority"])
        order = [json.loads(request.body)["messages"][0]["content"] for request in backend.requests]
        self.assertEqual(order, ["held", "4", "1", "2", "3", "0"])
        # A tier in the body becomes the one served; a body without one is unchanged.
        self.assertEqual([json.loads(request.body).get("service_tier") for request in backend.requests],
                         [None, "priority", "default", None, "default", "flex"])
        # The engine agrees with the order.
        self.assertEqual([json.loads(request.body)["priority"] for request in backend.requests], [2, 0, 2, 2, 2, 4])

    def test_the_body_of_an_answer_names_the_tier_as_well(self):
        mock = Mock("--speed", "1000")
        self.addCleanup(mock.stop)
        base = policy(mock.url)
        base["classes"] = [{"name": "all", "match": "any", "backend": "model", "service_tier": "default"}]
        weir = self.start_weir(base)
        body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}], "prompt": "x", "input": "x",
                "service_tier": "priority"}
        for path in ("/v1/chat/completions", "/v1/completions", "/v1/responses"):
            answer = weir.request("POST", path, [JSON], json.dumps(body).encode())
            self.assertEqual((answer.get("x-weir-service-tier"), json.loads(answer.body)["service_tier"]), ("default", "default"), path)
        # Anthropic's requests have other names for it than its answers.
        raw = self.start_backend()
        base["backends"][0]["endpoints"] = [raw.url]
        weir = self.start_weir(base)
        for path, before in (("/v1/messages", b'{"service_tier":"auto","max_tokens":1}'), ("/v1/chat/completions", b'{"service_tier":null}'),
                             ("/v1/chat/completions", b'{ "service_tier" : "default" }')):
            weir.request("POST", path, [JSON], before)
            self.assertEqual(raw.requests[-1].body, before)


class Learning(WeirTest):
    def test_a_learned_limit_grows_while_it_is_what_holds_requests_back(self):
        process = subprocess.Popen([BINARY, "mock-backend", "--listen", "127.0.0.1:0", "--preset", "h100-8b"],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        self.addCleanup(process.stdout.close)
        address = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())[0]
        weir = self.start_weir(policy(f"http://{address}", direct={"queue": 1000, "queue_timeout": "60s"},
                                      capacity={"requests": {"learn": True, "start": 2}, "context_tokens": "read"}))
        self.assert_soon_equal(lambda: weir.metrics().sum("weir_limit_requests"), 2)
        until = time.monotonic() + scaled(20)
        grown = threading.Event()

        def ask():
            client = self.client(weir)
            while not grown.is_set() and time.monotonic() < until:
                client.send(post(chat(stream=True, max_tokens=20)))
                client.response()
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        try:
            self.eventually(lambda: weir.metrics().sum("weir_limit_requests") >= 4, within=20)
        finally:
            grown.set()
            for thread in threads:
                thread.join()


if __name__ == "__main__":
    unittest.main()

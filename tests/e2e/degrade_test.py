"""Cheaper answers before refusals: which requests, how their bodies change, and how that is reported."""

import json
import tempfile
import threading
import unittest
from pathlib import Path

from support.backend import hold, ok
from support.policy import sha256, small_policy, to_yaml
from support.process import WeirTest, run_weir
from support.wire import format_request

KEYS = {"direct": "direct-key-1", "bulk": "bulk-key-2"}
JSON = ("Content-Type", "application/json")


def bearer(name):
    return ("Authorization", f"Bearer {KEYS[name]}")


def policy(url, rules, small=None, **more):
    backends = {"backends": [{"name": "model", "endpoints": [url], "capacity": {"requests": 2}}]}
    if small:
        backends["backends"].append({"name": "small", "endpoints": [small], "capacity": {"requests": 1}})
    return small_policy(
        url, clients={"api_keys": [{"name": name, "sha256": sha256(key)} for name, key in KEYS.items()]},
        classes=[{"name": "bulk", "match": {"api_key": "bulk"}, "backend": "model", "priority": "sheddable", **more.pop("bulk", {})},
                 {"name": "direct", "match": "any", "backend": "model"}],
        degrade=rules, **backends, **more)


def rule(name="short", pressure=0, cls="bulk", mode="enforce", when=None, **do):
    return {"name": name, "when": {"class": cls, "pressure": pressure, **(when or {})}, "do": do, "mode": mode}


class Bodies(WeirTest):
    """At pressure 0, so that the rules apply to every request of the class."""

    def changed(self, body, path="/v1/chat/completions", key="bulk", *rules):
        backend = self.start_backend()
        weir = self.start_weir(policy(backend.url, list(rules) or [rule(max_output_tokens=128)]))
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = weir.request("POST", path, [JSON, bearer(key)], text)
        self.assertEqual(answer.status, 200)
        return backend.requests[0].body, answer.get("x-weir-degraded"), weir

    def test_a_length_is_clamped_under_each_of_its_names_and_nothing_else_changes(self):
        for path, before, after in (
                ("/v1/chat/completions", b'{ "model":"m",  "max_tokens" : 4000, "x": [1,  2] }', b'{ "model":"m",  "max_tokens" : 128, "x": [1,  2] }'),
                ("/v1/chat/completions", b'{"max_completion_tokens":4000,"messages":[]}', b'{"max_completion_tokens":128,"messages":[]}'),
                ("/v1/chat/completions", b'{"max_completion_tokens":4000,"max_tokens":5}', b'{"max_completion_tokens":128,"max_tokens":5}'),
                ("/v1/completions", b'{"prompt":"p","max_tokens":129}', b'{"prompt":"p","max_tokens":128}'),
                ("/v1/responses", b'{"input":"p","max_output_tokens":1e3}', b'{"input":"p","max_output_tokens":128}'),
                ("/v1/messages", b'{"max_tokens":200}', b'{"max_tokens":128}')):
            with self.subTest(before):
                body, header, _ = self.changed(before, path)
                self.assertEqual((body, header), (after, "short"))

    def test_members_that_engines_refuse_beside_a_lower_limit_are_lowered_with_it(self):
        for maximum, path, before, after in (
                (128, "/v1/chat/completions", b'{"min_tokens" : 400,"max_tokens":4000,"x":1}', b'{"min_tokens" : 128,"max_tokens":128,"x":1}'),
                (128, "/v1/completions", b'{"min_tokens":20,"max_tokens":4000}', b'{"min_tokens":20,"max_tokens":128}'),
                (2000, "/v1/messages", b'{"max_tokens":9000, "thinking":{"type":"enabled","budget_tokens":8000}}',
                 b'{"max_tokens":2000, "thinking":{"type":"enabled","budget_tokens":1999}}'),
                (1024, "/v1/messages", b'{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":9000}', b'{"max_tokens":1024}')):
            with self.subTest(before):
                body, header, _ = self.changed(before, path, "bulk", rule(max_output_tokens=maximum))
                self.assertEqual((body, header), (after, "short"))

    def test_a_rule_changes_the_tier_that_the_class_would_serve(self):
        for asked, name, after in (("priority", "flex", "flex"), ("flex", "flex", "flex"), ("priority", "default", "default")):
            with self.subTest(asked=asked, rule=name):
                backend = self.start_backend()
                weir = self.start_weir(policy(backend.url, [rule(service_tier=name)], bulk={"service_tier": "default"}))
                answer = weir.request("POST", "/v1/chat/completions", [JSON, bearer("bulk")], json.dumps({"service_tier": asked}).encode())
                self.assertEqual((json.loads(backend.requests[0].body)["service_tier"], answer.get("x-weir-service-tier")), (after, after))
                self.assertEqual(answer.get("x-weir-degraded"), "short" if name == "flex" else None)

    def test_a_length_that_is_not_asked_for_is(self):
        for path, name in (("/v1/chat/completions", "max_tokens"), ("/v1/responses", "max_output_tokens")):
            body, header, _ = self.changed({"model": "m", "input": "x"}, path)
            self.assertEqual(json.loads(body), {name: 128, "model": "m", "input": "x"})
            self.assertEqual(header, "short")

    def test_a_body_that_needs_no_change_is_not_changed_and_not_reported_so(self):
        for body, path, key in ((b'{ "max_tokens":128 }', "/v1/chat/completions", "bulk"), (b'{"max_tokens":9}', "/v1/messages", "bulk"),
                                (b'{"max_tokens":4000}', "/v1/chat/completions", "direct"),
                                (b'{"input":"x"}', "/v1/embeddings", "bulk"), (b'{"max_tokens":4000}', "/elsewhere", "bulk")):
            with self.subTest(body=body, path=path):
                passed, header, weir = self.changed(body, path, key)
                self.assertEqual((passed, header), (body, None))
                self.assert_soon_equal(lambda: weir.count("weir_degraded_total"), 0)

    def test_model_tier_and_number_of_answers(self):
        body, header, _ = self.changed({"model": "large", "n": 4, "best_of": 8, "prompt": "p", "max_tokens": 3}, "/v1/completions", "bulk",
                                       rule("cheap", model='a "small" one', n=2, service_tier="flex"))
        self.assertEqual(json.loads(body), {"service_tier": "flex", "model": 'a "small" one', "n": 2, "best_of": 2, "prompt": "p",
                                            "max_tokens": 3})
        self.assertEqual(header, "cheap")

    def test_all_rules_that_hold_are_applied_in_their_order(self):
        body, header, weir = self.changed(
            {"model": "large", "max_tokens": 1000}, "/v1/chat/completions", "bulk",
            rule("first", max_output_tokens=100, model="medium"), rule("longer", max_output_tokens=500),
            rule("other-model", when={"model": "other*"}, max_output_tokens=1), rule("later", model="small"),
            rule("tried-out", mode="shadow", max_output_tokens=2), rule("full", pressure=1, max_output_tokens=3))
        self.assertEqual(json.loads(body), {"model": "small", "max_tokens": 100})
        self.assertEqual(header, "first,later")
        self.eventually(lambda: weir.access_log())
        self.assertEqual(weir.access_log()[0]["degraded"], "first,later")
        for name, mode, count in (("first", "enforce", 1), ("later", "enforce", 1), ("longer", "enforce", 0), ("tried-out", "shadow", 1),
                                  ("tried-out", "enforce", 0), ("full", "enforce", 0)):
            self.assert_soon_equal(lambda: weir.count("weir_degraded_total", rule=name, mode=mode, **{"class": "bulk"}), count, (name, mode))


class Pressure(WeirTest):
    def setUp(self):
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def ask(self, weir, key="bulk", tokens=1000):
        client = self.client(weir)
        client.send(format_request("POST", "/v1/chat/completions", [JSON, bearer(key)],
                                   json.dumps({"model": "large", "max_tokens": tokens}).encode()))
        return client

    def test_a_rule_holds_from_its_pressure_on(self):
        backend = self.start_backend(hold(self.done))
        weir = self.start_weir(policy(backend.url, [rule(pressure=0.5, max_output_tokens=100), rule("shorter", pressure=1, max_output_tokens=10)],
                                      bulk={"queue_timeout": "30s"}))
        clients = []
        for i in range(4):
            clients.append(self.ask(weir))
            self.eventually(lambda: weir.inflight() + weir.waiting() == i + 1)
        self.done.set()
        self.assertEqual([client.response().get("x-weir-degraded") for client in clients],
                         [None, "short", "short,shorter", "short,shorter"])
        self.assertEqual(sorted(json.loads(r.body)["max_tokens"] for r in backend.requests), [10, 10, 100, 1000])

    def test_another_backend_serves_what_this_one_would_refuse(self):
        backend = self.start_backend(hold(self.done))
        small = self.start_backend(ok)
        weir = self.start_weir(policy(backend.url, [rule("fallback_route", pressure=1, backend="small", model="small-8b")], small.url,
                                      bulk={"queue": 0, "queue_timeout": "0s"}))
        held = [self.ask(weir, "direct") for _ in range(2)]
        backend.wait_for(2)
        answer = self.ask(weir).response()
        self.assertEqual((answer.status, answer.get("x-weir-degraded")), (200, "fallback_route"))
        self.assertEqual(json.loads(small.requests[0].body), {"model": "small-8b", "max_tokens": 1000})
        # A body that comes after its head is awaited: it may still be served elsewhere.
        late = self.client(weir)
        late.send(format_request("POST", "/v1/chat/completions", [JSON, bearer("bulk"), ("Content-Length", "13")]))
        late.send(b'{"model":"x"}')
        self.assertEqual(late.response().get("x-weir-degraded"), "fallback_route")
        # An answer is counted when it has been sent, which may be a moment later.
        self.eventually(lambda: weir.count("weir_responses_total", backend="small", code="200") == 2)
        self.done.set()
        for client in held:
            self.assertEqual(client.response().status, 200)
        self.assertEqual(len(backend.requests), 2)
        self.assert_idle(weir)


class Tests(WeirTest):
    def check(self, *tests):
        text = policy("http://127.0.0.1:9", [rule(pressure=0.9, max_output_tokens=128), rule("small", pressure=1, when={"model": "large*"}, model="s")],
                      tests=list(tests))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "policy.yaml"
            file.write_text(to_yaml(text))
            return run_weir("check", file)

    def test_a_policy_can_say_what_it_expects(self):
        request = {"api_key": "bulk", "model": "large-1"}
        code, out, err = self.check(
            {"name": "idle", "request": request, "expect": {"degraded": "nothing"}},
            {"name": "nearly full", "request": request, "given": {"pressure": 0.95}, "expect": {"degraded": "short"}},
            {"name": "full", "request": request, "given": {"queue": "full"}, "expect": {"degraded": "short,small"}},
            {"name": "of another model", "request": {"api_key": "bulk"}, "given": {"queue": "full"}, "expect": {"degraded": "short"}},
            {"name": "direct", "given": {"flood_of": "bulk"}, "expect": {"degraded": "nothing", "decision": "admit"}})
        self.assertEqual(code, 0, out + err)
        code, out, err = self.check({"name": "wrong", "request": request, "expect": {"degraded": "short"}})
        self.assertEqual(code, 1)
        self.assertIn("test 'wrong': expected degraded 'short', got 'nothing'", out + err)


if __name__ == "__main__":
    unittest.main()

"""Which requests are served, wait or are refused, and how a refusal is worded."""

import json
import threading
import time
import unittest

from support.backend import hold, ok
from support.policy import sha256, small_policy
from support.process import WeirTest
from support.waiting import pause, scaled, stays
from support.wire import format_request

KEYS = {"direct": "direct-key-1", "bulk": "bulk-key-2", "other": "other-key-3"}


def clients(**more):
    return {"api_keys": [{"name": name, "sha256": sha256(key)} for name, key in KEYS.items()], **more}


def bearer(name):
    return ("Authorization", f"Bearer {KEYS[name]}")


def by_key(**options):
    """A class for each of two keys and one for the rest; options change the classes by name."""
    classes = [{"name": "bulk", "match": {"api_key": "bulk"}, "backend": "model", "priority": "sheddable"},
               {"name": "direct", "match": {"api_key": "direct"}, "backend": "model", "priority": "critical"},
               {"name": "rest", "match": "any", "backend": "model"}]
    for entry in classes:
        entry.update(options.get(entry["name"], {}))
    return classes


class Classes(WeirTest):
    """The class is seen from outside in the decision of a request that the class's own limit refuses."""

    def setUp(self):
        limits = {"limits": {"requests": {"rate": "1/h", "burst": 1}}}
        self.backend = self.start_backend()
        self.weir = self.start_weir(small_policy(
            self.backend.url, clients=clients(trusted_proxies=["127.0.0.2/32"]),
            classes=[{"name": "office", "match": {"source": ["10.9.0.0/16"]}, "backend": "model", **limits},
                     *by_key(bulk=limits, direct=limits, rest=limits)]))
        for fields in ([], [bearer("bulk")], [bearer("direct")]):
            self.assertEqual(self.weir.request("GET", "/", fields).status, 200)

    def class_of(self, *fields, target="/"):
        answer = self.weir.request("GET", target, fields)
        self.assertEqual(answer.status, 429)
        return answer.get("x-weir-class")

    def test_a_key_decides_wherever_its_dialect_puts_it(self):
        self.assertEqual(self.class_of(), "rest")
        self.assertEqual(self.class_of(bearer("bulk")), "bulk")
        self.assertEqual(self.class_of(("authorization", "bearer   " + KEYS["direct"])), "direct")
        self.assertEqual(self.class_of(("x-api-key", KEYS["direct"])), "direct")
        self.assertEqual(self.class_of(("X-API-Key", KEYS["direct"]), bearer("direct")), "direct")

    def test_only_a_whole_valid_key_grants_a_class(self):
        key = KEYS["direct"]
        for fields in (
                [("Authorization", "Bearer wrong")], [("Authorization", key)], [("Authorization", f"Basic {key}")],
                [("Authorization", f"Bearer {key}x")], [("Authorization", f"Bearer {key[:-1]}")],
                [("Authorization", f"Bearer {key.upper()}")], [("Authorization", f"Bearer {sha256(key)}")],
                [("Authorization", f"Bearer {key}, Bearer {KEYS['bulk']}")], [("Authorization", f"Bearer {key} {key}")],
                [("x_api_key", key)], [("Authorization_", f"Bearer {key}")], [("Proxy-Authorization", f"Bearer {key}")],
                [("Cookie", f"api_key={key}")], [("X-Weir-Class", "direct")], [("X-Weir-Client", "direct")],
                [("X_Weir_Class", "direct")], [("X-Forwarded-For", "10.9.1.1")], [("Forwarded", "for=10.9.1.1")],
                [("X-Real-IP", "10.9.1.1")], [("Connection", "X-Weir-Class"), ("X-Weir-Class", "direct")]):
            with self.subTest(fields=fields):
                self.assertEqual(self.class_of(*fields), "rest")
        self.assertEqual(self.class_of(target=f"/?api_key={key}&key={key}"), "rest")

    def test_two_different_keys_count_as_no_key(self):
        self.assertEqual(self.class_of(bearer("direct"), ("x-api-key", KEYS["bulk"])), "rest")
        self.assertEqual(self.class_of(bearer("direct"), bearer("bulk")), "rest")
        self.assertEqual(self.class_of(("x-api-key", KEYS["direct"]), ("x-api-key", "")), "direct")

    def test_a_key_in_a_trailer_grants_no_class(self):
        with self.weir.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
                        b"2\r\n{}\r\n0\r\nAuthorization: Bearer " + KEYS["direct"].encode() + b"\r\n\r\n")
            self.assertEqual(client.response().get("x-weir-class"), "rest")


class Proxies(WeirTest):
    def start(self, trusted):
        limits = {"limits": {"requests": {"rate": "1/h", "burst": 1}}}
        backend = self.start_backend()
        weir = self.start_weir(small_policy(
            backend.url, clients=clients(trusted_proxies=trusted),
            classes=[{"name": "office", "match": {"source": ["10.9.0.0/16"]}, "backend": "model", **limits},
                     {"name": "rest", "match": "any", "backend": "model"}]))
        return backend, weir

    def test_a_trusted_proxy_is_believed_about_the_hop_before_it(self):
        backend, weir = self.start(["127.0.0.0/8", "10.1.0.0/16"])
        def chain(value):
            return weir.request("GET", "/", [("X-Forwarded-For", value)])
        self.assertEqual(chain("10.9.1.1").status, 200)
        self.assertEqual(chain("10.9.1.1").get("x-weir-class"), "office")
        self.assertEqual(chain("10.9.1.1, 10.1.2.3").get("x-weir-class"), "office")
        # All before the first untrusted hop may be made up by that hop.
        self.assertEqual(chain("10.9.1.1, 8.8.8.8").status, 200)
        self.assertEqual(chain("10.9.1.1, 8.8.8.8, 10.1.2.3").status, 200)
        for nonsense in ("10.9.1.1, nonsense", "10.9.1.1,", ",", "10.9.1.1, 10.9.1.1:80:80", "unknown", "", "10.9.1.1/32"):
            with self.subTest(chain=nonsense):
                self.assertIn(chain(nonsense).status, (200, 429))
        self.assertEqual(chain("10.9.1.1, nonsense").status, 200)
        self.assertEqual([r.get("x-forwarded-for") for r in backend.requests][0], "10.9.1.1, 127.0.0.1")

    def test_any_other_peer_is_not_believed_about_the_hop_before_it(self):
        backend, weir = self.start(["10.0.0.0/8"])
        for _ in range(3):
            self.assertEqual(weir.request("GET", "/", [("X-Forwarded-For", "10.9.1.1")]).status, 200)
        self.assertEqual({r.get("x-forwarded-for") for r in backend.requests}, {"127.0.0.1"})


class Overload(WeirTest):
    def fill(self, weir, backend, count=1, fields=()):
        """Takes every slot with requests that do not end."""
        held = []
        for _ in range(count):
            client = self.client(weir)
            client.send(format_request("GET", "/held", fields))
            held.append(client)
        backend.wait_for(count)
        return held

    def fill_queue(self, weir, count, fields=(), target="/v1/chat/completions"):
        places = []
        before = weir.waiting()
        for i in range(count):
            client = self.client(weir)
            client.send(format_request("POST", target, fields, b"{}"))
            self.eventually(lambda: weir.waiting() == before + i + 1)
            places.append(client)
        return places

    def start(self, capacity=1, **options):
        self.done = threading.Event()
        self.addCleanup(self.done.set)
        backend = self.start_backend(hold(self.done))
        return backend, self.start_weir_before(backend, capacity=capacity, **options)

    def assert_advice(self, answer, minimum, maximum):
        ms, s = int(answer.get("retry-after-ms")), int(answer.get("retry-after"))
        self.assertTrue(minimum * 1000 <= ms <= maximum * 1000, ms)
        self.assertEqual(s, -(-ms // 1000))

    def test_a_full_queue_is_503_with_everything_that_a_caller_needs(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 2}])
        self.fill(weir, backend)
        self.fill_queue(weir, 2)
        answer = weir.request("POST", "/v1/chat/completions", [("X-Request-Id", "my-id")], b"{}")
        self.assertEqual((answer.status, answer.get("x-weir-decision"), answer.get("x-weir-class"), answer.get("x-request-id")),
                         (503, "queue_full", "everyone", "my-id"))
        self.assert_advice(answer, 2.5, 7.5)
        self.assertEqual(answer.get("content-type"), "application/json")
        error = json.loads(answer.body)["error"]
        self.assertEqual((error["type"], error["code"], error["param"]),
                         ("service_unavailable_error", "server_is_overloaded", None))
        self.assertIsNone(answer.get("x-should-retry"))

    def test_the_advice_is_spread(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 1,
                                             "refusal": {"retry_after": "2s", "tell_no_retry": True}}])
        self.fill(weir, backend)
        self.fill_queue(weir, 1)
        answers = [weir.request() for _ in range(20)]
        for answer in answers:
            self.assert_advice(answer, 1, 3)
            self.assertEqual(answer.get("x-should-retry"), "false")
        self.assertGreater(len({answer.get("retry-after-ms") for answer in answers}), 10)

    def test_in_the_anthropic_dialect_it_is_529(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 1}])
        self.fill(weir, backend)
        self.fill_queue(weir, 1)
        answer = weir.request("POST", "/v1/messages", [("X-Request-Id", "my-id")], b"{}")
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (529, "queue_full"))
        body = json.loads(answer.body)
        self.assertEqual((body["type"], body["error"]["type"], body["request_id"]), ("error", "overloaded_error", "my-id"))
        answer = weir.request("GET", "/elsewhere")
        self.assertEqual(answer.status, 503)

    def test_the_queue_timeout_ends_a_wait_with_503(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue_timeout": "200ms"}])
        self.fill(weir, backend)
        began = time.monotonic()
        answer = weir.request()
        waited = time.monotonic() - began
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "queue_timeout"))
        self.assertTrue(0.19 <= waited < scaled(0.5), waited)
        self.assert_advice(answer, 2.5, 7.5)

    def test_the_callers_own_deadline_ends_a_wait(self):
        backend, weir = self.start()
        self.fill(weir, backend)
        began = time.monotonic()
        answer = weir.request("GET", "/", [("x-stainless-read-timeout", "0.2")])
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "deadline_expired"))
        self.assertLess(time.monotonic() - began, scaled(0.5))

    def test_a_better_class_is_served_first_and_each_class_in_order_of_arrival(self):
        backend, weir = self.start(clients=clients(), classes=by_key())
        held = self.fill(weir, backend, fields=[bearer("direct")])
        places = []
        for name in ("bulk", "rest", "direct", "bulk", "direct", "rest"):
            places += self.fill_queue(weir, 1, [bearer(name)] if name != "rest" else [], f"/{name}")
        self.done.set()
        for client in [*held, *places]:
            self.assertEqual(client.response().status, 200)
        self.assertEqual([r.target for r in backend.requests],
                         ["/held", "/direct", "/direct", "/rest", "/rest", "/bulk", "/bulk"])
        self.assert_idle(weir)

    def test_a_retry_queues_behind_first_tries(self):
        backend, weir = self.start()
        held = self.fill(weir, backend)
        places = self.fill_queue(weir, 1, [("x-stainless-retry-count", "1")], "/retry")
        places += self.fill_queue(weir, 1, [], "/first")
        self.done.set()
        for client in [*held, *places]:
            client.response()
        self.assertEqual([r.target for r in backend.requests], ["/held", "/first", "/retry"])

    def test_a_retry_is_displaced_from_a_full_queue_by_a_first_try(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 2}])
        self.fill(weir, backend)
        retry, first = (self.fill_queue(weir, 1, [("x-stainless-retry-count", "1")])[0], self.fill_queue(weir, 1)[0])
        late = self.client(weir)
        late.send(format_request())
        answer = retry.response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "displaced"))
        self.done.set()
        self.assertEqual((first.response().status, late.response().status), (200, 200))

    def test_a_class_that_floods_does_not_fill_another_classs_queue(self):
        backend, weir = self.start(clients=clients(), classes=by_key(bulk={"queue": 2}))
        self.fill(weir, backend, fields=[bearer("bulk")])
        self.fill_queue(weir, 2, [bearer("bulk")])
        self.assertEqual(weir.request("GET", "/", [bearer("bulk")]).status, 503)
        direct = self.fill_queue(weir, 1, [bearer("direct")])[0]
        self.done.set()
        self.assertEqual(direct.response().status, 200)

    def test_shadow_lets_through_what_it_would_refuse_and_counts_it(self):
        backend, weir = self.start(mode="shadow", classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 1}])
        self.done.set()
        hold_all = threading.Event()
        self.addCleanup(hold_all.set)
        backend.answer = hold(hold_all)
        opened = [self.client(weir) for _ in range(6)]
        for client in opened:
            client.send(format_request())
        backend.wait_for(6)
        hold_all.set()
        self.assertEqual({client.response().status for client in opened}, {200})
        self.eventually(lambda: weir.count("weir_shed_total", mode="shadow") > 0)
        self.assert_soon_equal(lambda: weir.count("weir_shed_total", mode="enforce"), 0)
        self.assert_idle(weir)

    def test_a_refusal_says_the_same_in_header_log_and_metric(self):
        backend, weir = self.start(classes=[{"name": "everyone", "match": "any", "backend": "model", "queue": 1}])
        self.fill(weir, backend)
        self.fill_queue(weir, 1)
        answer = weir.request("GET", "/path?secret=query")
        reason = answer.get("x-weir-decision")
        line = self.eventually(lambda: [l for l in weir.access_log() if l["status"] == 503])[0]
        self.assertEqual((line["reason"], line["class"], line["request_id"]), (reason, "everyone", answer.get("x-request-id")))
        self.assertEqual((line["limit"], line["observed"] >= line["limit"]), (1, True))
        self.assertNotIn("secret", weir.stderr())
        self.assert_soon_equal(lambda: weir.count("weir_shed_total", reason=reason, mode="enforce", **{"class": "everyone"}), 1)


class Limits(WeirTest):
    def test_a_class_over_its_rate_is_429_with_the_time_to_its_next_token(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": {"requests": {"rate": "30/min", "burst": 3}}}])
        answers = [weir.request("POST", "/v1/chat/completions", [], b"{}") for _ in range(5)]
        self.assertEqual([a.status for a in answers], [200, 200, 200, 429, 429])
        self.assertEqual(answers[3].get("x-weir-decision"), "class_rate")
        self.assertTrue(1000 <= int(answers[3].get("retry-after-ms")) <= 3000, answers[3].get("retry-after-ms"))
        error = json.loads(answers[3].body)["error"]
        self.assertEqual(error["code"], "rate_limit_exceeded")
        answer = weir.request("POST", "/v1/messages", [], b"{}")
        self.assertEqual((answer.status, json.loads(answer.body)["error"]["type"]), (429, "rate_limit_error"))
        self.assertEqual(len(backend.requests), 3)

    def test_one_client_over_its_rate_does_not_affect_the_others(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, clients=clients(), classes=[
            {"name": "everyone", "match": "any", "backend": "model",
             "limits": {"per_client": {"requests": {"rate": "1/h", "burst": 2}}}}])
        for name in KEYS:
            answers = [weir.request("GET", "/", [bearer(name)]) for _ in range(3)]
            self.assertEqual([a.status for a in answers], [200, 200, 429])
            self.assertEqual(answers[2].get("x-weir-decision"), "client_rate")
        # A client with no key, or a wrong one, is identified by address.
        answers = [weir.request("GET", "/", fields) for fields in ([], [("x-api-key", "wrong")], [("x-api-key", "other")])]
        self.assertEqual([a.status for a in answers], [200, 200, 429])
        self.assertLessEqual(int(answers[2].get("retry-after-ms")), 50_000)

    def test_a_client_with_too_much_at_once_is_429(self):
        done = threading.Event()
        self.addCleanup(done.set)
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, clients=clients(), classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": {"per_client": {"concurrency": 2}}}])
        held = [self.client(weir) for _ in range(2)]
        for client in held:
            client.send(format_request("GET", "/", [bearer("bulk")]))
        backend.wait_for(2)
        answer = weir.request("GET", "/", [bearer("bulk")])
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (429, "client_concurrency"))
        other = self.client(weir)
        other.send(format_request("GET", "/", [bearer("direct")]))
        backend.wait_for(3)
        done.set()
        self.assertEqual({c.response().status for c in [*held, other]}, {200})
        self.assertEqual(weir.request("GET", "/", [bearer("bulk")]).status, 200)

    def test_a_class_with_too_much_at_once_is_429(self):
        done = threading.Event()
        self.addCleanup(done.set)
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": {"concurrency": 1}}])
        held = self.client(weir)
        held.send(format_request())
        backend.wait_for(1)
        answer = weir.request()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (429, "class_concurrency"))
        done.set()
        self.assertEqual(held.response().status, 200)
        self.assertEqual(weir.request().status, 200)

    def test_a_limit_in_shadow_refuses_nothing(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, classes=[
            {"name": "everyone", "match": "any", "backend": "model",
             "limits": {"mode": "shadow", "requests": {"rate": "1/h", "burst": 1}}}])
        self.assertEqual({weir.request().status for _ in range(5)}, {200})
        self.eventually(lambda: weir.count("weir_shed_total", mode="shadow", reason="class_rate") == 4)


class RefusedBodies(WeirTest):
    """The first smuggling hole of a load shedder is the body that it does not read."""

    SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    def setUp(self):
        self.backend = self.start_backend()
        self.weir = self.start_weir_before(self.backend, classes=[
            {"name": "limited", "match": {"path": "/v1/*"}, "backend": "model",
             "limits": {"requests": {"rate": "1/h", "burst": 1}}},
            {"name": "free", "match": "any", "backend": "model"}])
        self.assertEqual(self.weir.request("POST", "/v1/x", [], b"{}").status, 200)
        self.backend.requests.clear()

    def head(self, *fields):
        return ("POST /v1/x HTTP/1.1\r\nHost: a\r\n" + "".join(f"{f}\r\n" for f in fields) + "\r\n").encode()

    def test_a_short_body_of_a_refused_request_is_drained_and_the_connection_stays_open(self):
        with self.weir.connect() as client:
            for _ in range(3):
                client.send(self.head(f"Content-Length: {len(self.SMUGGLED)}") + self.SMUGGLED)
                self.assertEqual(client.response().status, 429)
                self.assertEqual(client.request("GET", "/free").status, 200)
        self.assertEqual({r.target for r in self.backend.requests}, {"/free"})

    def test_a_refusal_does_not_wait_for_the_body(self):
        with self.weir.connect() as client:
            client.send(self.head("Content-Length: 50000") + b"x" * 10)
            began = time.monotonic()
            self.assertEqual(client.response().status, 429)
            self.assertLess(time.monotonic() - began, scaled(0.2))
            client.send(b"x" * 49990)
            self.assertEqual(client.request("GET", "/free").status, 200)

    def test_a_refused_body_that_never_comes_is_not_waited_for_long(self):
        with self.weir.connect() as client:
            client.send(self.head("Content-Length: 100") + b"x" * 10)
            self.assertEqual(client.response().status, 429)
            self.assertTrue(client.is_closed(within=3))

    def test_a_long_body_of_a_refused_request_closes_the_connection_but_the_answer_is_read(self):
        with self.weir.connect() as client:
            client.send(self.head("Content-Length: 5000000"))
            answer = client.response()
            self.assertEqual((answer.status, answer.get("connection")), (429, "close"))
        for _ in range(5):
            with self.weir.connect() as client:
                client.try_send(self.head("Content-Length: 60000000") + b"x" * 60_000)
                self.assertIn(client.response().status, (413, 429))

    def test_a_chunked_body_of_a_refused_request_is_never_taken_for_requests(self):
        with self.weir.connect() as client:
            client.try_send(self.head("Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(self.SMUGGLED), self.SMUGGLED))
            answer = client.response()
            self.assertEqual(answer.status, 429)
            if answer.get("connection") != "close":
                self.assertEqual(client.request("GET", "/free").status, 200)
        self.assertTrue(stays(lambda: all(r.target != "/smuggled" for r in self.backend.requests)))

    def test_a_body_over_the_limit_is_413(self):
        answer = self.weir.request("POST", "/free", [("Content-Length", "9000000")])
        self.assertEqual((answer.status, answer.get("x-weir-decision"), answer.get("connection")), (413, "body_too_large", "close"))
        with self.weir.connect() as client:
            client.send(b"POST /free HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(140):
                client.try_send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            client.try_send(b"0\r\n\r\n")
            self.assertEqual(client.response().status, 413)
        self.assert_idle(self.weir)


class Workers(WeirTest):
    def test_the_capacity_is_exact_across_workers(self):
        lock = threading.Lock()
        now, maximum = [0], [0]

        def answer(peer, request):
            with lock:
                now[0] += 1
                maximum[0] = max(maximum[0], now[0])
            pause(0.01)  # so that requests overlap
            with lock:  # before the answer is sent: from then on the slot may be given to the next
                now[0] -= 1
            return ok(peer, request)
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, capacity=7, workers=4, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "queue": 200, "queue_timeout": "1m"}])
        statuses = []

        def client():
            with weir.connect(timeout=60) as connection:
                for _ in range(8):
                    statuses.append(connection.request("POST", "/", [], b"{}").status)
        threads = [threading.Thread(target=client) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 480)
        self.assertEqual(maximum[0], 7)
        self.assert_idle(weir)

    def test_a_rate_is_exact_across_workers(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=4, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": {"requests": {"rate": "1/h", "burst": 25}}}])
        statuses = [weir.request().status for _ in range(60)]
        self.assertEqual((statuses.count(200), statuses.count(429)), (25, 35))


if __name__ == "__main__":
    unittest.main()

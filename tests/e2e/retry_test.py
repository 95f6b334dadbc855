"""Retrying clients: the same request does not run twice at once, and queues behind first tries."""

import threading
import unittest

from support.backend import hold, ok
from support.policy import sha256, small_policy
from support.process import WeirTest
from support.wire import format_request

KEYS = {"one": "key-of-one", "two": "key-of-two"}


def post(key=None, path="/v1/chat/completions", user=None, body=b"{}"):
    fields = [("Content-Type", "application/json")]
    fields += [("Idempotency-Key", key)] if key else []
    fields += [("Authorization", f"Bearer {KEYS[user]}")] if user else []
    return format_request("POST", path, fields, body)


class Idempotency(WeirTest):
    def setUp(self):
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def start(self, **options):
        backend = self.start_backend(hold(self.done))
        clients = {"api_keys": [{"name": name, "sha256": sha256(key)} for name, key in KEYS.items()]}
        return backend, self.start_weir(small_policy(backend.url, clients=clients, **options))

    def ask(self, weir, *args, **options):
        client = self.client(weir)
        client.send(post(*args, **options))
        return client

    def test_the_same_request_is_not_run_twice_at_once(self):
        backend, weir = self.start()
        first = self.ask(weir, "k-1")
        backend.wait_for(1)
        answer = self.ask(weir, "k-1").response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (409, "idempotency_key_in_use"))
        self.assertIn(b'"code":"idempotency_key_in_use"', answer.body)
        self.assertTrue(500 <= int(answer.get("retry-after-ms")) <= 1500, answer.get("retry-after-ms"))
        self.assertIsNone(answer.get("x-should-retry"))
        self.done.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual(len(backend.requests), 1)
        # It may run again once the first has ended, and counts as a retry.
        self.assertEqual(self.ask(weir, "k-1").response().status, 200)
        self.eventually(lambda: weir.count("weir_retries_seen_total", **{"class": "everyone"}) == 1)
        self.assert_soon_equal(lambda: weir.count("weir_requests_total", **{"class": "everyone", "outcome": "rejected"}), 1)
        self.assertGreaterEqual(weir.count("weir_idempotency_keys"), 1)

    def test_other_keys_other_clients_and_other_paths_are_other_requests(self):
        backend, weir = self.start()
        clients = [self.ask(weir, "k", user="one"), self.ask(weir, "k", user="two"), self.ask(weir, "k"),
                   self.ask(weir, "l", user="one"), self.ask(weir, "k", user="one", path="/v1/messages"), self.ask(weir, user="one"),
                   self.ask(weir, user="one")]
        backend.wait_for(len(clients))
        self.done.set()
        self.assertEqual([client.response().status for client in clients], [200] * len(clients))

    def test_one_whose_client_left_does_not_keep_its_key(self):
        backend, weir = self.start()
        first = self.ask(weir, "k")
        backend.wait_for(1)
        first.close()
        self.eventually(lambda: backend.cancelled)
        self.done.set()
        self.assertEqual(self.ask(weir, "k").response().status, 200)

    def test_a_repeated_key_queues_behind_first_tries(self):
        backend, weir = self.start(capacity=1)
        backend.answer = ok
        self.assertEqual(self.ask(weir, "again").response().status, 200)
        backend.requests.clear()
        backend.answer = hold(self.done)
        held = self.ask(weir, path="/held")
        backend.wait_for(1)
        again = self.ask(weir, "again")
        self.eventually(lambda: weir.waiting() == 1)
        first = self.ask(weir, "new", path="/first")
        self.eventually(lambda: weir.waiting() == 2)
        self.done.set()
        for client in (held, again, first):
            self.assertEqual(client.response().status, 200)
        self.assertEqual([request.target for request in backend.requests], ["/held", "/first", "/v1/chat/completions"])


class FirstRefusal(WeirTest):
    """A request is refused for the first reason found, and uses up no key."""

    def start(self):
        self.done = threading.Event()
        self.addCleanup(self.done.set)
        backend = self.start_backend(hold(self.done))
        self.weir = self.start_weir(small_policy(backend.url, backend={"websocket": {}}))
        return backend

    def malformed_upgrade(self, *fields):
        head = format_request("GET", "/v1/realtime", [("Connection", "Upgrade"), ("Upgrade", "websocket"),
                                                      ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "short"), *fields])
        with self.weir.connect() as client:
            client.send(head)
            return client.response()

    def test_a_malformed_upgrade_is_400_whatever_else_it_is(self):
        backend = self.start()
        held = self.client(self.weir)
        held.send(format_request("GET", "/v1/realtime", [("Idempotency-Key", "k")]))
        backend.wait_for(1)
        pseudonym = backend.requests[0].get("via").split(" ")[1]
        for field in (("Idempotency-Key", "k"), ("Via", "1.1 " + pseudonym), ("Max-Forwards", "0")):
            answer = self.malformed_upgrade(field)
            self.assertEqual((answer.status, answer.get("x-weir-decision")), (400, "bad_request"), field)
        self.done.set()
        self.assertEqual(held.response().status, 200)

    def test_a_refused_request_uses_no_key_up(self):
        self.start()
        self.assertEqual(self.malformed_upgrade(("Idempotency-Key", "k")).status, 400)
        self.done.set()
        self.assertEqual(self.weir.count("weir_idempotency_keys"), 0)
        self.assertEqual(self.weir.request("GET", "/v1/realtime", [("Idempotency-Key", "k")]).status, 200)
        self.assertEqual(self.weir.count("weir_retries_seen_total", **{"class": "everyone"}), 0)


if __name__ == "__main__":
    unittest.main()

"""Slow answers: how long they may take; a slow endpoint does not count as failed while others are answered."""

import select
import threading
import time
import unittest

from support.backend import hold, ok
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled
from support.wire import format_request

CHAT = "/v1/chat/completions"
STREAM, WHOLE = b'{"stream":true}', b'{"stream":false}'


class Slow(WeirTest):
    def setUp(self):
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def start(self, answer, ejection=None, **timeouts):
        """Two endpoints, so that one may be ejected; the second takes what the first does not."""
        self.backends = [self.start_backend(answer) for _ in range(2)]
        return self.start_weir(small_policy(*[backend.url for backend in self.backends], capacity=32, backend={
            "timeouts": timeouts, "ejection": {"failures": 5, "duration": "1h", **(ejection or {})}}))

    def available(self, weir):
        return [endpoint["available"] for endpoint in weir.status()["backends"][0]["endpoints"]]

    def ask(self, weir, body, count, path=CHAT):
        clients = [self.client(weir, timeout=30) for _ in range(count)]
        for client in clients:
            client.send(format_request("POST", path, [], body))
        return clients

    def test_an_answer_that_does_not_stream_may_take_longer_than_a_first_byte(self):
        weir = self.start(hold(self.done), first_byte="300ms")
        whole = self.ask(weir, WHOLE, 1) + self.ask(weir, b"anything", 1, "/infer")
        streams = self.ask(weir, STREAM, 1)
        self.assertEqual(streams[0].response().status, 504)
        self.done.set()
        self.assertEqual([client.response().status for client in whole], [200, 200])

    def test_it_may_not_take_longer_than_a_whole_answer(self):
        weir = self.start(hold(self.done), whole_answer="300ms")
        began = time.monotonic()
        answer = self.ask(weir, WHOLE, 1)[0].response()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (504, "backend_timeout"))
        self.assertTrue(0.29 < time.monotonic() - began < scaled(5))

    def test_slow_answers_beside_quick_ones_eject_no_endpoint(self):
        def answer(peer, request):
            return hold(self.done)(peer, request) if request.body == WHOLE else ok(peer, request)
        weir = self.start(answer, whole_answer="1s")
        slow = self.ask(weir, WHOLE, 30)
        with weir.connect() as quick:
            waiting = set(slow)
            while waiting:
                self.assertEqual(quick.request("POST", CHAT, [], STREAM).status, 200)
                ready, _, _ = select.select([client.socket for client in waiting], [], [], 0)
                for client in [client for client in waiting if client.socket in ready]:
                    self.assertEqual(client.response().status, 504)
                    waiting.discard(client)
        self.assertEqual(self.available(weir), [True, True])

    def test_many_that_time_out_together_are_one_failure(self):
        weir = self.start(hold(self.done), first_byte="1s")
        clients = self.ask(weir, STREAM, 30)
        self.assertEqual({client.response().status for client in clients}, {504})
        self.assertEqual(self.available(weir), [True, True])

    def test_an_endpoint_that_answers_no_request_is_ejected(self):
        weir = self.start(hold(self.done), first_byte="200ms", ejection={"failures": 2})
        self.backends[1].answer = ok
        for _ in range(50):
            weir.request("POST", CHAT, [], STREAM)
            if self.available(weir) == [False, True]:
                return
        self.fail("it is still asked")


if __name__ == "__main__":
    unittest.main()

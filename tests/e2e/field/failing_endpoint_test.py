"""An endpoint that fails at once is idle at every moment; it must not be sent nearly everything for that."""

import threading
import unittest

from support.backend import reply, respond
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import pause

OK = respond(b"fine")


def slowly(peer, request):
    pause(0.02)
    return OK(peer, request)


class Balance(WeirTest):
    """One endpoint answers with an error at once, the other well and slowly."""

    def share_of(self, status, **backend):
        bad = self.start_backend(respond(status=status))
        good = self.start_backend(slowly)
        weir = self.start_weir(small_policy(bad.url, good.url, capacity=32, backend=backend))
        statuses = []

        def client():
            for _ in range(25):
                statuses.append(weir.request().status)

        clients = [threading.Thread(target=client) for _ in range(8)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        self.weir, self.bad = weir, bad
        return sum(status != 200 for status in statuses) / len(statuses)

    def test_refusals_get_no_more_than_their_part(self):
        for status in ("401 Unauthorized", "429 Too Many Requests"):
            for balance in ("most_room", "least_requests"):
                self.assertLess(self.share_of(status, balance=balance), 0.65, (status, balance))

    def test_errors_of_its_own_eject_it(self):
        self.assertLess(self.share_of("500 Internal Server Error", ejection={"duration": "60s"}), 0.4)
        self.assertEqual(self.weir.count("weir_backend_ejections_total", endpoint=self.bad.url), 1)
        self.assertEqual(self.weir.count("weir_backend_up", endpoint=self.bad.url), 0)
        self.assertGreater(self.weir.count("weir_endpoint_answers_total", endpoint=self.bad.url, code="500"), 9)


class Errors(WeirTest):
    def test_an_endpoint_that_fails_most_of_the_time_is_ejected(self):
        def mostly(peer, request):
            mostly.count += 1
            return respond(status="200 OK" if mostly.count % 4 == 0 else "503 Service Unavailable")(peer, request)
        mostly.count = 0
        bad, good = self.start_backend(mostly), self.start_backend(OK)
        weir = self.start_weir(small_policy(bad.url, good.url, backend={
            "balance": "round_robin", "ejection": {"duration": "60s"}}))
        for _ in range(60):
            weir.request()
        self.assertEqual(weir.count("weir_backend_up", endpoint=bad.url), 0)
        self.assertEqual(weir.count("weir_backend_up", endpoint=good.url), 1)

    def test_input_that_fails_everywhere_ejects_nothing(self):
        one, other = (self.start_backend(respond(status="500 Internal Server Error")) for _ in range(2))
        weir = self.start_weir(small_policy(one.url, other.url))
        for _ in range(60):
            weir.request()
        self.assertEqual(weir.count("weir_backend_up"), 2)
        self.assertEqual(weir.count("weir_endpoint_answers_total", code="500"), 60)

    def test_after_its_time_it_is_tried_with_one_request_at_a_time(self):
        release = threading.Event()
        bad, good = self.start_backend(respond(status="503 Service Unavailable")), self.start_backend(OK)
        weir = self.start_weir(small_policy(bad.url, good.url, backend={
            "balance": "round_robin", "ejection": {"duration": "300ms"}, "slow_start": "0s"}))
        self.eventually(lambda: weir.request() and weir.count("weir_backend_up", endpoint=bad.url) == 0)
        before = len(bad.requests)

        def held(peer, request):
            release.wait(10)
            return OK(peer, request)
        bad.answer = held
        self.addCleanup(release.set)
        self.eventually(lambda: weir.count("weir_backend_up", endpoint=bad.url) == 1)
        trial = threading.Thread(target=lambda: [weir.request() for _ in range(2)])
        trial.start()
        self.eventually(lambda: len(bad.requests) == before + 1)
        for _ in range(10):
            self.assertEqual(weir.request().status, 200)
        self.assertEqual(len(bad.requests), before + 1)
        release.set()
        trial.join()
        self.eventually(lambda: weir.request() and len(bad.requests) > before + 2)


class Slowness(WeirTest):
    def streams(self, weir, count):
        clients = [threading.Thread(target=weir.request, args=("POST", "/v1/chat/completions", [], b'{"stream":true}'))
                   for _ in range(count)]
        for one in clients:
            one.start()
        return clients

    def test_an_endpoint_with_late_first_tokens_is_ejected_where_the_policy_says_so(self):
        stream = respond(b"data: 1\n\ndata: [DONE]\n\n", fields=[("Content-Type", "text/event-stream")])

        def late(peer, request):
            pause(0.5)
            return stream(peer, request)
        slow, fast = self.start_backend(late), self.start_backend(stream)
        weir = self.start_weir(small_policy(slow.url, fast.url, capacity=64, backend={
            "balance": "round_robin", "ejection": {"slow_first_token": 5, "duration": "60s"}}))
        for one in self.streams(weir, 40):
            one.join()
        self.eventually(lambda: weir.count("weir_backend_up", endpoint=slow.url) == 0)
        self.assertEqual(weir.count("weir_backend_up", endpoint=fast.url), 1)

    def test_an_endpoint_that_comes_back_gets_no_herd(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def held(peer, request):
            if request.target != "/health":
                release.wait(10)
            return OK(peer, request)
        first, second = self.start_backend(respond(status="503 Service Unavailable")), self.start_backend(held)
        weir = self.start_weir(small_policy(first.url, second.url, capacity=20, backend={
            "slow_start": "1h", "health": {"every": "50ms", "timeout": "40ms", "fall": 2, "rise": 1}}))
        self.eventually(lambda: weir.count("weir_backend_up", endpoint=first.url) == 0)
        first.answer = held
        self.eventually(lambda: weir.count("weir_backend_up", endpoint=first.url) == 1)
        clients = self.streams(weir, 18)
        self.eventually(lambda: weir.count("weir_endpoint_inflight_requests") == 18)
        self.assertLessEqual(weir.count("weir_endpoint_inflight_requests", endpoint=first.url), 2)
        release.set()
        for one in clients:
            one.join()


class Panic(WeirTest):
    def test_a_health_check_that_asks_for_the_wrong_thing_refuses_no_request(self):
        def answer(peer, request):
            return respond(status="404 Not Found" if request.target == "/health" else "200 OK")(peer, request)
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, backend={"health": {"every": "50ms", "timeout": "40ms", "fall": 2}})
        self.eventually(lambda: weir.count("weir_backend_panic") == 1)
        self.assertEqual(weir.request().status, 200)
        self.assertTrue(weir.status()["backends"][0]["panic"])
        self.assertIn("no endpoint is thought to work", weir.stderr())


class Checks(WeirTest):
    def start(self, answer, **health):
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, backend={
            "auth": {"bearer": "engine-key"},
            "health": {"every": "50ms", "timeout": "40ms", "fall": 2, "rise": 1, **health}})
        return backend, weir

    def test_are_sent_as_the_policy_says(self):
        backend, _ = self.start(OK, path="/ping", method="POST", headers={"x-probe": "weir"}, auth={"api_key": "check"})
        self.eventually(lambda: backend.requests)
        check = backend.requests[0]
        self.assertEqual((check.method, check.target), ("POST", "/ping"))
        self.assertEqual((check.get("x-probe"), check.get("x-api-key")), ("weir", "check"))
        self.assertIsNone(check.get("authorization"))

    def test_expect_a_status_and_a_text(self):
        backend, weir = self.start(respond(b"loading", status="503 Service Unavailable"), status=[200, "500-503"],
                                   body="ready")
        self.eventually(lambda: weir.count("weir_backend_down", reason="text") == 1)
        self.assertIn("without the expected text", weir.status()["backends"][0]["endpoints"][0]["reason"])
        backend.answer = respond(b'{"state":"ready"}', status="503 Service Unavailable")
        self.eventually(lambda: weir.count("weir_backend_down") == 0)

    def test_find_the_text_in_the_beginning_of_a_long_answer(self):
        for page in (b"ready" + b"x" * 65_532, b"x" * 65_531 + b"ready", b"ready" + b"x" * 1_000_000):
            chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(page), page)
            for answer in (reply(page), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks):
                backend, weir = self.start(respond(status="503 Service Unavailable"), body="ready")
                self.eventually(lambda: weir.count("weir_backend_down", reason="status") == 1)
                backend.answer = lambda peer, _, answer=answer: peer.send(answer)
                self.eventually(lambda: weir.count("weir_backend_down") == 0, len(page))

    def test_and_not_behind_it(self):
        _, weir = self.start(respond(b"x" * 65_536 + b"ready"), body="ready")
        self.eventually(lambda: weir.count("weir_backend_down", reason="text") == 1)


if __name__ == "__main__":
    unittest.main()

"""Backends that fail, in every way: what the client gets, and what happens to the endpoint."""

import socket
import threading
import time
import unittest

from support.backend import hold, ok, reply, respond
from support.faults import Blackhole, Wedged, half_close_after, refusing, reset_after
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import eventually, pause, scaled, stays
from support.wire import Closed, format_request


def never_ejected(**timeouts):
    return {"ejection": {"failures": 0}, **({"timeouts": timeouts} if timeouts else {})}


class OneEndpoint(WeirTest):
    def start(self, answer=None, **timeouts):
        backend = self.start_backend(answer)
        return backend, self.start_weir_before(backend, capacity=1, backend=never_ejected(**timeouts))

    def assert_failure(self, answer, status, reason):
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (status, reason))
        self.assertIsNotNone(answer.get("x-request-id"))

    def test_a_backend_that_refuses_connections_is_502_at_once(self):
        weir = self.start_weir(small_policy(refusing(), backend=never_ejected()))
        began = time.monotonic()
        self.assert_failure(weir.request(), 502, "backend_unreachable")
        self.assertLess(time.monotonic() - began, scaled(0.5))
        self.assert_idle(weir)

    def test_a_backend_that_swallows_connections_is_504_after_the_connect_timeout(self):
        blackhole = Blackhole()
        self.addCleanup(blackhole.close)
        weir = self.start_weir(small_policy(blackhole.address, backend=never_ejected(connect="200ms")))
        began = time.monotonic()
        self.assert_failure(weir.request(), 504, "backend_timeout")
        self.assertLess(time.monotonic() - began, scaled(2))
        self.assert_idle(weir)

    def test_a_backend_that_resets_before_it_answers_is_502(self):
        _, weir = self.start(reset_after(b""))
        self.assert_failure(weir.request(), 502, "backend_reset")
        self.assert_idle(weir)

    def test_a_backend_that_closes_before_it_answers_is_502(self):
        _, weir = self.start(lambda peer, request: False)
        self.assert_failure(weir.request(), 502, "backend_reset")

    def test_a_backend_that_half_closes_before_it_answers_is_502(self):
        _, weir = self.start(half_close_after(b""))
        self.assert_failure(weir.request(), 502, "backend_reset")

    def test_a_backend_that_half_closes_after_its_answer_has_answered(self):
        _, weir = self.start(half_close_after(reply(b"whole")))
        for _ in range(3):
            self.assertEqual(weir.request().body, b"whole")

    def test_a_backend_that_never_answers_is_504_and_gives_the_slot_back(self):
        backend, weir = self.start(hold(threading.Event()), first_byte="200ms", whole_answer="210ms")
        for body in (b'{"stream":true}', b"{}"):
            began = time.monotonic()
            self.assert_failure(weir.request("POST", "/v1/chat/completions", [], body), 504, "backend_timeout")
            self.assertTrue(0.19 < time.monotonic() - began < scaled(1))
        self.eventually(lambda: len(backend.cancelled) == 2)
        self.assert_idle(weir)

    def test_a_backend_that_reads_nothing_of_a_large_body_is_504_and_not_the_clients_fault(self):
        def wedged(peer, request):
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            eventually(lambda: peer.backend.stopping, 5)
            return False
        backend = self.start_backend(wedged, read_bodies=False)
        weir = self.start_weir_before(backend, backend=never_ejected(idle="500ms"), listener_limits={
            "body_bytes": "100MiB", "body_timeout": "200ms"})
        client = self.client(weir)
        # Built before anything is sent: that may take longer than the client has for its body.
        request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n" + b"x" * 60_000_000
        sender = threading.Thread(target=client.try_send, args=(request,), daemon=True)
        sender.start()
        self.assert_failure(client.response(), 504, "backend_timeout")
        self.assert_idle(weir)

    def test_a_stream_that_falls_silent_is_ended_and_the_client_notices(self):
        def silent(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"9\r\ndata: 1\n\n\r\n")
            peer.wait_until_closed()
            return False
        _, weir = self.start(silent, idle="200ms")
        answer = weir.request()
        self.assertEqual((answer.status, answer.complete), (200, False))
        self.assertRegex(answer.body, rb'^data: 1\n\ndata: {"error":.*"code":"backend_timeout"')
        self.assert_idle(weir)

    def test_a_stream_that_never_ends_is_ended_by_the_total_timeout(self):
        def talk(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    peer.send(b"9\r\ndata: 1\n\n\r\n")
                    pause(0.02)
            except OSError:
                return False
        _, weir = self.start(talk, total="400ms")
        began = time.monotonic()
        answer = weir.request()
        self.assertEqual((answer.status, answer.complete), (200, False))
        self.assertLess(time.monotonic() - began, scaled(1.5))
        self.assert_idle(weir)

    def test_a_stopped_backend_is_504_and_others_are_served(self):
        wedged = Wedged()
        self.addCleanup(wedged.close)
        backend = self.start_backend()
        policy = small_policy(wedged.address, backend=never_ejected(first_byte="300ms"), classes=[
            {"name": "healthy", "match": {"path": "/healthy"}, "backend": "healthy"},
            {"name": "rest", "match": "any", "backend": "model"}])
        policy["backends"].append({"name": "healthy", "endpoints": [backend.url], "capacity": {"requests": 4}})
        weir = self.start_weir(policy)
        self.assertEqual(weir.request().status, 200)
        wedged.wedge()
        with weir.connect() as client:
            client.send(format_request())
            for _ in range(10):
                self.assertEqual(weir.request("GET", "/healthy").status, 200)
            self.assert_failure(client.response(), 504, "backend_timeout")
        wedged.go_on()
        self.eventually(lambda: weir.request().status == 200)
        self.assert_idle(weir)

    def test_a_failure_is_reported_in_the_callers_dialect(self):
        weir = self.start_weir(small_policy(refusing(), backend=never_ejected()))
        self.assertIn(b'"type":"server_error"', weir.request("POST", "/v1/chat/completions", [], b"{}").body)
        self.assertIn(b'"type":"api_error"', weir.request("POST", "/v1/messages", [], b"{}").body)

    def test_the_connection_to_the_client_survives_a_failure(self):
        backend, weir = self.start(lambda peer, request: False)
        with weir.connect() as client:
            self.assertEqual(client.request("POST", "/", [], b"{}").status, 502)
            backend.answer = ok
            self.assertEqual(client.request("POST", "/", [], b"{}").status, 200)


class TwoEndpoints(WeirTest):
    def start(self, first, second, capacity=8, **options):
        policy = small_policy(first.url, second.url, capacity=capacity, backend=options)
        return self.start_weir(policy)

    def test_a_request_whose_endpoint_dies_unanswered_is_served_by_the_other(self):
        dying = self.start_backend(lambda peer, request: peer.reset())
        healthy = self.start_backend(respond(b"healthy"))
        weir = self.start(dying, healthy, ejection={"failures": 0})
        for _ in range(10):
            answer = weir.request("POST", "/v1/chat/completions", [], b'{"n":1}')
            self.assertEqual((answer.status, answer.body), (200, b"healthy"))
        self.assertEqual({r.body for r in healthy.requests}, {b'{"n":1}'})
        self.assert_idle(weir)

    def test_a_request_is_not_repeated_once_a_byte_of_its_answer_went_out(self):
        def cut(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            return peer.reset()
        first, second = self.start_backend(cut), self.start_backend(cut)
        weir = self.start(first, second)
        with self.assertRaises((AssertionError, Closed)):
            answer = weir.request("POST", "/", [], b"{}")
            self.assertTrue(answer.complete)
        self.assertEqual(len(first.requests) + len(second.requests), 1)

    def test_an_answer_with_5xx_is_passed_on_from_wherever_it_came_last(self):
        for status, tries in (("500 Oops", 1), ("503 Busy", 2)):
            failing = respond(b"mine", status)
            first, second = self.start_backend(failing), self.start_backend(failing)
            weir = self.start(first, second)
            answer = weir.request()
            self.assertEqual((answer.status, answer.body, answer.get("x-weir-decision")), (int(status[:3]), b"mine", None))
            self.assertEqual(len(first.requests) + len(second.requests), tries)

    def test_an_endpoint_that_fails_repeatedly_is_ejected_and_comes_back(self):
        failing = self.start_backend(lambda peer, request: peer.reset())
        healthy = self.start_backend(respond(b"healthy"))
        weir = self.start(failing, healthy, ejection={"failures": 3, "duration": "500ms"})
        for _ in range(20):
            self.assertEqual(weir.request().body, b"healthy")
        self.assertEqual(len(failing.requests), 3)
        endpoints = {e["url"]: e["available"] for e in weir.status()["backends"][0]["endpoints"]}
        self.assertEqual(endpoints, {failing.url: False, healthy.url: True})
        failing.answer = respond(b"recovered")
        self.eventually(lambda: weir.request().body == b"recovered")
        self.eventually(lambda: weir.count("weir_backend_ejections_total", endpoint=failing.url) == 1)

    def test_the_last_endpoint_is_never_ejected(self):
        failing = self.start_backend(lambda peer, request: peer.reset())
        weir = self.start_weir_before(failing, backend={"ejection": {"failures": 2, "duration": "1h"}})
        for _ in range(5):
            self.assertEqual(weir.request().status, 502)
        failing.answer = ok
        self.assertEqual(weir.request().status, 200)

    def test_load_goes_to_the_endpoint_with_the_fewest_requests(self):
        done = threading.Event()
        self.addCleanup(done.set)
        first, second = self.start_backend(hold(done)), self.start_backend(hold(done))
        weir = self.start(first, second)
        held = []
        for i in range(8):
            client = self.client(weir)
            client.send(format_request())
            self.eventually(lambda: len(first.requests) + len(second.requests) == i + 1)
            held.append(client)
        self.assertEqual((len(first.requests), len(second.requests)), (4, 4))
        done.set()
        self.assertEqual({client.response().status for client in held}, {200})


class Health(WeirTest):
    FAST = {"path": "/health", "every": "50ms", "timeout": "40ms", "fall": 3, "rise": 2}

    def probed(self, healthy):
        """A backend whose health is `healthy`, and that serves every other request."""
        def answer(peer, request):
            if request.target == "/health":
                peer.send(reply(b"", "200 OK" if healthy.is_set() else "503 Sick"))
                return False
            peer.send(reply(b"served"))
            return True
        return self.start_backend(answer)

    def available(self, weir):
        return [e["available"] for e in weir.status()["backends"][0]["endpoints"]]

    def test_an_endpoint_is_down_after_fall_failures_and_up_after_rise_successes(self):
        state = threading.Event()
        state.set()
        backend, other = self.probed(state), self.start_backend(respond(b"other"))
        weir = self.start_weir(small_policy(backend.url, other.url, backend={"health": self.FAST}))
        self.assertEqual(self.available(weir), [True, True])
        backend.wait_for(3)
        state.clear()
        failures_before = len(backend.requests)
        self.eventually(lambda: self.available(weir) == [False, True])
        self.assertGreaterEqual(len(backend.requests) - failures_before, 3)
        self.assertEqual({weir.request().body for _ in range(6)}, {b"other"})
        state.set()
        self.eventually(lambda: self.available(weir) == [True, True])
        self.eventually(lambda: weir.request().body == b"served")

    def test_one_failed_probe_changes_nothing(self):
        fail_next = threading.Event()
        probes = []

        def answer(peer, request):
            probes.append(1)
            failed = fail_next.is_set()
            fail_next.clear()
            peer.send(reply(b"", "503 Sick" if failed else "200 OK"))
            return False
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, backend={"health": self.FAST})
        self.eventually(lambda: len(probes) >= 2)
        fail_next.set()
        self.eventually(lambda: not fail_next.is_set())
        self.assertTrue(stays(lambda: self.available(weir) == [True], 0.3))

    def test_with_every_endpoint_down_requests_are_503(self):
        state = threading.Event()
        backend = self.probed(state)
        weir = self.start_weir_before(backend, backend={"health": self.FAST}, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "queue_timeout": "300ms"}])
        self.eventually(lambda: self.available(weir) == [False])
        answer = weir.request()
        self.assertEqual(answer.status, 503)
        self.assertIn(answer.get("x-weir-decision"), ("no_endpoint", "queue_timeout"))
        self.assertIsNotNone(answer.get("retry-after-ms"))
        state.set()
        self.eventually(lambda: weir.request().status == 200)

    def test_a_backend_that_is_restarted_serves_again(self):
        state = threading.Event()
        state.set()
        backend = self.probed(state)
        weir = self.start_weir_before(backend, backend={"health": self.FAST})
        self.assertEqual(weir.request().status, 200)
        backend.stop()
        self.eventually(lambda: self.available(weir) == [False])
        backend.restart()
        self.eventually(lambda: self.available(weir) == [True])
        self.eventually(lambda: weir.request().status == 200)

    def test_probes_that_hang_count_as_failures(self):
        backend = self.start_backend(hold(threading.Event()))
        weir = self.start_weir_before(backend, backend={"health": self.FAST})
        self.eventually(lambda: self.available(weir) == [False])


if __name__ == "__main__":
    unittest.main()

"""Idle connections cost a client nothing: many of them keep no other client out."""

import threading
import time
import unittest

from support.backend import hold
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled
from support.websocket import WebSocketTest, handshake, server
from support.wire import Closed, format_request


class Idle(WeirTest):
    def start(self, connections=20, **options):
        self.backend = self.start_backend()
        options.setdefault("workers", 1)
        return self.start_weir(small_policy(self.backend.url, limits={"connections": connections}, **options))

    def test_the_longest_idle_goes_when_another_comes(self):
        weir = self.start(5)
        held = [self.client(weir) for _ in range(5)]
        for client in held:
            self.assertEqual(client.request().status, 200)
        self.assertEqual(held[0].request().status, 200)  # now the second is the longest idle
        with weir.connect() as another:
            self.assertEqual(another.request().status, 200)
        self.assertTrue(held[1].is_closed())
        for client in held[2:] + held[:1]:
            self.assertEqual(client.request().status, 200)
        self.assertEqual(weir.count("weir_connections_refused_total"), 0)

    def test_connections_without_a_request_are_closed_as_well(self):
        weir = self.start(5)
        silent = [self.client(weir) for _ in range(5)]
        silent[0].send(b"GET / HT")
        for _ in range(20):
            self.assertEqual(weir.request().status, 200)
        self.assertTrue(silent[0].is_closed())

    def test_a_flood_of_idle_connections_keeps_no_client_out_with_any_number_of_workers(self):
        weir = self.start(100, workers=2)
        held = [self.client(weir) for _ in range(300)]
        for _ in range(50):
            self.assertEqual(weir.request().status, 200)
        self.assert_soon_equal(lambda: weir.status()["connections"] <= 110, True)
        del held

    def test_connections_that_are_being_answered_stay(self):
        done = threading.Event()
        self.addCleanup(done.set)
        weir = self.start(5)
        self.backend.answer = hold(done)
        busy = [self.client(weir) for _ in range(4)]
        for client in busy:
            client.send(format_request())
        self.backend.wait_for(4)
        idle = self.client(weir)
        with weir.connect() as another:
            self.assertTrue(idle.is_closed())
            another.send(format_request())
            self.backend.wait_for(5)
            with weir.connect() as too_many:
                self.assertEqual(too_many.response().status, 503)
            done.set()
            self.assertEqual({client.response().status for client in [*busy, another]}, {200})

    def test_idle_connections_do_not_hold_on_to_old_policies(self):
        weir = self.start(50)
        held = []
        for round in range(20):
            held.append(self.client(weir))
            self.assertEqual(held[-1].request().status, 200)
            policy = small_policy(self.backend.url, limits={"connections": 50}, workers=1,
                                  classes=[{"name": f"c{round}", "match": "any", "backend": "model"}])
            weir.reload(policy)
        self.assert_soon_equal(lambda: weir.count("weir_names_used", kind="class"), 1)
        for client in held:
            self.assertEqual(client.request().status, 200)


class WebSockets(WebSocketTest):
    def start(self, **websocket):
        def listen(end):
            while end.frame()[0] != 8:
                pass
        self.backend = self.start_backend(server(listen))
        return self.start_weir(small_policy(self.backend.url, backend={"websocket": websocket}))

    def test_pings_do_not_keep_a_connection_that_holds_a_slot(self):
        weir = self.start(idle="1s")
        end = self.open(weir, "/ws")
        self.assertEqual(weir.inflight(), 1)
        began = time.monotonic()
        while weir.inflight() == 1 and time.monotonic() - began < scaled(10):
            try:
                end.send_frame(9, b"still here")
            except (OSError, Closed):
                break
            weir.status()
        self.assert_idle(weir)

    def test_data_keeps_a_connection_that_holds_a_slot(self):
        weir = self.start(idle="1s")
        end = self.open(weir, "/ws")
        began = time.monotonic()
        while time.monotonic() - began < 2.5:
            end.send_frame(1, b"x")
            self.assertEqual(weir.inflight(), 1)

    def test_a_client_has_a_limit_on_its_connections(self):
        weir = self.start(connections_per_client=2)
        ends = [self.open(weir, "/ws") for _ in range(2)]
        with weir.connect() as third:
            third.send(handshake("/ws"))
            answer = third.response()
            self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "connection_limit"))
        del ends


if __name__ == "__main__":
    unittest.main()

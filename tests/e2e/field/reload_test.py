"""Reloads that change the endpoints while requests wait, run and arrive: none of them is lost.

WEIR_TEST_RELOADS says how many reloads the one under load makes and the minimum number of requests: "30:10000".
"""

import os
import threading
import unittest

from support.backend import hold, ok, reply
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import pause
from support.wire import format_request

CHAT = "/v1/chat/completions"
WAITS = [{"name": "everyone", "match": "any", "backend": "model", "queue_timeout": "1m", "queue": 64}]


def policy(*endpoints, **options):
    return small_policy(*[endpoint.url for endpoint in endpoints], capacity=2, classes=WAITS,
                        logging={"level": "info"}, **options)


class WhileRequestsWait(WeirTest):
    def setUp(self):
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def fill(self, weir, backend, count=24):
        """Sends requests, of which the endpoint runs two and the others wait."""
        clients = [self.client(weir, timeout=60) for _ in range(count)]
        for client in clients:
            client.send(format_request("POST", CHAT, [], b"{}"))
        backend.wait_for(2)
        self.eventually(lambda: weir.waiting() == count - 2)
        return clients

    def change(self, *after):
        """Reloads from one endpoint to those at `after`, 0 being the first; returns the requests that each one got."""
        backends = [self.start_backend(hold(self.done)) for _ in range(3)]
        weir = self.start_weir(policy(backends[0]))
        clients = self.fill(weir, backends[0])
        weir.reload(policy(*[backends[i] for i in after]))
        for i in after:
            backends[i].wait_for(2)
        self.done.set()
        self.assertEqual([client.response().status for client in clients], [200] * len(clients))
        self.assert_idle(weir)
        return [len(backend.requests) for backend in backends]

    def test_an_added_endpoint_serves_the_queue(self):
        counts = self.change(0, 1)
        self.assertEqual(sum(counts), 24)
        self.assertGreaterEqual(counts[1], 2)

    def test_an_endpoint_in_place_of_another_serves_the_queue(self):
        self.assertEqual(self.change(1), [2, 22, 0])

    def test_all_new_endpoints_serve_the_queue(self):
        counts = self.change(1, 2)
        self.assertEqual((counts[0], sum(counts)), (2, 24))

    def test_two_reloads_before_any_request_is_served_lose_none(self):
        first, second, third = [self.start_backend(hold(self.done)) for _ in range(3)]
        weir = self.start_weir(policy(first))
        clients = self.fill(weir, first)
        weir.reload(policy(second))
        second.wait_for(2)
        weir.reload(policy(third))
        third.wait_for(2)
        self.done.set()
        self.assertEqual([client.response().status for client in clients], [200] * len(clients))
        self.assertEqual([len(backend.requests) for backend in (first, second, third)], [2, 2, 20])

    def test_a_body_that_began_to_arrive_before_goes_to_the_new_endpoint(self):
        first, second = self.start_backend(), self.start_backend()
        weir = self.start_weir(policy(first))
        client = self.client(weir)
        head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n".encode()
        client.send(head + b'{"model"')
        self.eventually(lambda: weir.count("weir_buffered_bytes") > 0)
        weir.reload(policy(second))
        client.send(b':"a"} ')
        self.assertEqual(client.response().status, 200)
        self.assertEqual((len(first.requests), len(second.requests)), (0, 1))

    def test_an_endpoint_that_failed_its_probes_serves_when_probes_are_removed(self):
        def sick(peer, request):
            peer.send(reply(b"", "503 Sick" if request.target == "/health" else "200 OK"))
            return True
        backend = self.start_backend(sick)
        probed = {"health": {"path": "/health", "every": "50ms", "timeout": "40ms", "fall": 1, "rise": 2}}
        weir = self.start_weir(policy(backend, backend=probed))
        self.eventually(lambda: not weir.status()["backends"][0]["endpoints"][0]["available"])
        weir.reload(policy(backend))
        self.assertEqual(weir.request("POST", CHAT, [], b"{}", timeout=30).status, 200)


class UnderLoad(WeirTest):
    def test_reloads_of_every_kind_cost_no_request(self):
        reloads, minimum = map(int, os.environ.get("WEIR_TEST_RELOADS", "12:1000").split(":"))

        def work(peer, request):
            pause(0.004)  # more come than are answered in that time, so a queue builds up
            return ok(peer, request)
        backends = [self.start_backend(work) for _ in range(4)]
        sets = [(0,), (0, 1), (1,), (1, 2), (2, 3), (0, 1), (3,), (0,), (1, 2, 3), (2,)]
        weir = self.start_weir(policy(backends[0]))
        self.reloads, self.stop, self.statuses = 0, threading.Event(), []
        clients = [threading.Thread(target=self.load, args=(weir, i % 4 == 0)) for i in range(28)]
        for client in clients:
            client.start()
        self.eventually(lambda: weir.waiting() >= 16, within=30)
        for i in range(reloads):
            weir.reload(policy(*[backends[j] for j in sets[(i + 1) % len(sets)]]))
            self.reloads += 1
            due = minimum * (i + 1) // reloads
            self.eventually(lambda due=due: len(self.statuses) >= due, within=60)
        self.stop.set()
        for client in clients:
            client.join()
        lost = [status for status in self.statuses if status != 200]
        self.assertEqual(lost, [], f"of {len(self.statuses)}")
        self.assertGreaterEqual(len(self.statuses), minimum)
        self.assert_idle(weir)

    def load(self, weir, slowly):
        """Request after request; `slowly`: the body ends only after the next reload."""
        head = f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n".encode()
        with weir.connect(timeout=60) as client:
            while not self.stop.is_set():
                before = self.reloads
                if slowly:
                    client.send(head + b'{"model"')
                    self.eventually(lambda before=before: self.reloads != before or self.stop.is_set(), within=3)
                    client.send(b':"a"} ')
                else:
                    client.send(head + b'{"model":"a"} ')
                try:
                    self.statuses.append(client.response().status)
                except Exception as error:
                    self.statuses.append(repr(error))
                    return


if __name__ == "__main__":
    unittest.main()

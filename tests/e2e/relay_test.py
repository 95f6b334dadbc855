"""Relayed bodies: without delay, whole, and no faster than the slower side reads."""

import hashlib
import os
import threading
import unittest

from support.backend import event_stream, ok, raw, reply, respond
from support.faults import open_descriptors
from support.process import WeirTest
from support.waiting import SLOW, eventually, pause, scaled, stands_still
from support.wire import chunked, format_request

MIB = 1024 * 1024


class Streams(WeirTest):
    def test_each_event_is_passed_on_before_the_next_one_is_made(self):
        received = threading.Semaphore(1)

        def gap(_):
            # The backend makes the next event only when the client has had the last.
            assert received.acquire(timeout=scaled(5)), "an event was held back"
        backend = self.start_backend(event_stream(20, gap=gap))
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(format_request())
        answer = client.head()
        self.assertEqual(answer.get("content-type"), "text/event-stream")
        events = []
        for chunk in client.chunks(answer):
            events.append(chunk)
            received.release()
        self.assertEqual(events, [b"data: {\"n\":%d}\n\n" % i for i in range(20)])
        self.assertTrue(answer.complete)

    def test_the_head_of_a_stream_leaves_before_its_first_event(self):
        go = threading.Event()
        backend = self.start_backend(event_stream(1, gap=lambda _: go.wait(scaled(5))))
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(format_request())
        answer = client.head()
        go.set()
        self.assertEqual(b"".join(client.chunks(answer)), b"data: {\"n\":0}\n\n")

    def test_a_stream_that_ends_with_its_connection_ends_cleanly(self):
        backend = self.start_backend(raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n"))
        weir = self.start_weir_before(backend)
        answer = weir.request()
        self.assertEqual((answer.body, answer.complete), (b"data: 1\n\ndata: 2\n\n", True))

    def test_a_hundred_streams_at_once_are_neither_truncated_nor_mixed_up(self):
        def answer(peer, request):
            name = request.target[1:].encode()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for i in range(20):
                peer.send(b"%x\r\ndata: %s %d\n\n\r\n" % (len(b"data: %s %d\n\n" % (name, i)), name, i))
                pause(0.005)
            peer.send(b"0\r\n\r\n")
            return True
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, capacity=200, workers=2)
        clients = [self.client(weir) for _ in range(100)]
        for i, client in enumerate(clients):
            client.send(format_request(target=f"/s{i}"))
        for i, client in enumerate(clients):
            answer = client.response()
            self.assertEqual(answer.body, b"".join(b"data: s%d %d\n\n" % (i, j) for j in range(20)))
            self.assertTrue(answer.complete)
        self.assert_idle(weir)


class LargeBodies(WeirTest):
    @classmethod
    def setUpClass(cls):
        cls.content = os.urandom(MIB) * 5 + b"end"
        cls.digest = hashlib.sha256(cls.content).hexdigest()

    def test_an_upload_arrives_whole_however_it_is_framed(self):
        backend = self.start_backend(lambda peer, r: (peer.send(reply(hashlib.sha256(r.body).hexdigest().encode())), True)[1])
        weir = self.start_weir_before(backend)
        pieces = [self.content[i:i + 70_001] for i in range(0, len(self.content), 70_001)]
        with weir.connect() as client:
            answer = client.request("POST", "/", [], self.content)
            self.assertEqual(answer.body.decode(), self.digest)
            answer = client.request("POST", "/", [("Transfer-Encoding", "chunked")], chunked(*pieces))
            self.assertEqual(answer.body.decode(), self.digest)
            answer = client.request("POST", "/", [("Content-Type", "application/json")], self.content[:300_000])
            self.assertEqual(answer.body.decode(), hashlib.sha256(self.content[:300_000]).hexdigest())

    def test_a_download_arrives_whole_however_it_is_framed(self):
        pieces = [self.content[i:i + 70_001] for i in range(0, len(self.content), 70_001)]
        for name, data in (("length", reply(self.content)), ("close", b"HTTP/1.1 200 OK\r\n\r\n" + self.content),
                           ("chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(*pieces))):
            with self.subTest(framing=name):
                backend = self.start_backend(raw(data))
                weir = self.start_weir_before(backend)
                answer = weir.request()
                self.assertEqual((hashlib.sha256(answer.body).hexdigest(), answer.complete), (self.digest, True))

    def test_a_body_that_ends_in_many_small_chunks_arrives_whole(self):
        small = [b"%d," % i for i in range(20_000)]
        backend = self.start_backend(lambda peer, r: (peer.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(*[b"%d," % i for i in range(20_000)])), True)[1])
        weir = self.start_weir_before(backend)
        answer = weir.request("POST", "/", [("Transfer-Encoding", "chunked")], chunked(*small))
        self.assertEqual(answer.body, b"".join(small))
        self.assertEqual(backend.requests[0].body, b"".join(small))


class BackPressure(WeirTest):
    def test_a_client_that_does_not_read_stops_the_backend_and_costs_little(self):
        sent = [0]
        total = 64 * MIB

        def flood(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
            block = b"x" * 65536
            while sent[0] < total:
                peer.send(block)
                sent[0] += len(block)
            return True
        backend = self.start_backend(flood)
        weir = self.start_weir_before(backend)
        before = weir.resident_bytes()
        client = self.client(weir, receive_buffer=16 * 1024)
        client.send(format_request())
        self.eventually(lambda: sent[0] > 0)
        self.eventually(lambda: stands_still(lambda: sent[0]), "the backend was read on and on", within=10)
        self.assertLess(sent[0], total)
        # What is left is what the kernel's own buffers hold on three sockets.
        self.assertLess(weir.resident_bytes() - before, 2 * MIB * SLOW)
        answer = client.response()
        self.assertEqual((len(answer.body), answer.complete), (total, True))

    def test_a_backend_that_does_not_read_stops_the_client_and_costs_little(self):
        release = threading.Event()

        def answer(peer, request):
            release.wait(scaled(20))
            assert peer.read_body(request)
            assert len(request.body) == 64 * MIB
            return ok(peer, request)
        backend = self.start_backend(answer, read_bodies=False)
        weir = self.start_weir_before(backend, listener_limits={"body_bytes": "128MiB"})
        client = self.client(weir, timeout=20)
        # A first part is taken before the request takes its place; the rest passes through.
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (64 * MIB) + b"x" * MIB)
        backend.wait_for(1)
        before = weir.resident_bytes()
        sent = [MIB]

        def upload():
            block = b"x" * 65536
            while sent[0] < 64 * MIB:
                client.send(block)
                sent[0] += len(block)
        uploader = threading.Thread(target=upload, daemon=True)
        uploader.start()
        self.eventually(lambda: stands_still(lambda: sent[0]), "the client was read on and on", within=10)
        self.assertLess(sent[0], 64 * MIB)
        self.assertLess(weir.resident_bytes() - before, 2 * MIB * SLOW)
        release.set()
        self.assertEqual(client.response().status, 200)
        uploader.join()


class EarlyAnswers(WeirTest):
    def test_an_early_answer_reaches_the_client_and_closes_both_sides(self):
        closed = []

        def refuse(peer, request):
            peer.send(reply(b"too much", "413 Content Too Large"))
            closed.append(peer.wait_until_closed())
            return False
        backend = self.start_backend(refuse, read_bodies=False)
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n" + b"x" * (MIB + 100_000))
        answer = client.response()
        self.assertEqual((answer.status, answer.body, answer.get("connection")), (413, b"too much", "close"))
        self.assertTrue(client.is_closed())
        self.eventually(lambda: closed)
        self.assertIsNotNone(closed[0], "the backend's connection stays open in the middle of a body")
        self.assert_idle(weir)

    def test_an_early_answer_is_read_even_if_the_client_keeps_sending_its_body(self):
        backend = self.start_backend(lambda peer, r: (peer.send(reply(b"no", "401 Unauthorized")), False)[1], read_bodies=False)
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        # Over body_before_queue, so that it is streamed.
        for _ in range(20):
            client.try_send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        answer = client.response()
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.get("connection"), "close")

    def test_an_early_answer_to_a_short_body_that_has_arrived_keeps_the_connection(self):
        backend = self.start_backend(lambda peer, r: (peer.send(reply(b"early")), peer.read_body(r), True)[2], read_bodies=False)
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        for _ in range(3):
            self.assertEqual(client.request("POST", "/", [], b"x" * 1000).body, b"early")


class UpstreamConnections(WeirTest):
    """Each worker has a pool of its own, so these tests run one worker."""

    def test_connections_to_the_backend_are_reused(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=1)
        for _ in range(20):
            self.assertEqual(weir.request().status, 200)
        self.assertEqual(backend.connections, 1)

    def test_a_connection_that_the_backend_wants_closed_is_not_reused(self):
        backend = self.start_backend(respond(fields=[("Connection", "close")]))
        weir = self.start_weir_before(backend, workers=1)
        for _ in range(3):
            weir.request()
        self.assertEqual(backend.connections, 3)

    def test_a_connection_closed_while_idle_is_not_used(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=1)
        before = open_descriptors(weir.pid)
        weir.request()
        self.eventually(lambda: open_descriptors(weir.pid) == before + 1)
        backend.close_idle()
        self.eventually(lambda: open_descriptors(weir.pid) == before)
        self.assertEqual(weir.request().status, 200)

    def test_a_pooled_connection_that_closes_on_use_is_replaced_without_the_client_noticing(self):
        """The backend's keep-alive runs out while the request is on its way."""
        def answer(peer, request):
            served = sum(r.connection == request.connection for r in backend.requests)
            if served > 1:
                return False  # closed in place of an answer
            return ok(peer, request)
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, workers=1)
        for i in range(10):
            answer = weir.request("POST", f"/{i}", [], b"body %d" % i)
            self.assertEqual((answer.status, answer.body), (200, b"ok"))
        self.assert_soon_equal(lambda: weir.count("weir_backend_ejections_total"), 0)

    def test_a_request_whose_streamed_body_is_gone_is_not_sent_again(self):
        seen = []

        def answer(peer, request):
            seen.append(request.connection)
            if len(seen) == 1:
                return ok(peer, request)
            while backend.received < MIB + 150_000:  # some of what was passed on, and not kept
                peer._more()
            return False
        backend = self.start_backend(answer, read_bodies=False)
        weir = self.start_weir_before(backend, workers=1)
        self.assertEqual(weir.request().status, 200)
        client = self.client(weir)
        client.try_send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * (MIB + 200_000))
        eventually(lambda: len(seen) == 2, 2)
        client.try_send(b"x" * 200_000)
        self.assertEqual(client.response().status, 502)
        self.assertEqual(len(seen), 2)

    def test_an_unused_connection_is_closed_after_its_keep_alive(self):
        closed = []

        def answer(peer, request):
            ok(peer, request)
            closed.append(peer.wait_until_closed(5))
            return False
        backend = self.start_backend(answer)
        weir = self.start_weir_before(backend, workers=1, backend={"timeouts": {"keep_alive": "200ms"}})
        weir.request()
        self.eventually(lambda: closed)
        self.assertIsNotNone(closed[0])


if __name__ == "__main__":
    unittest.main()

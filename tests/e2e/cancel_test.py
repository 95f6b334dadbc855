"""The client leaves: its request is cancelled at once, and its slot is free.

"At once" is 100 ms from the close to the moment at which the backend sees its own connection end.
"""

import threading
import time
import unittest

from support.backend import hold, ok
from support.process import WeirTest
from support.waiting import pause, scaled, stands_still, stays
from support.wire import Client, format_request

AT_ONCE = 0.1


def never():
    return threading.Event()


class Script:
    """Sends some bytes, then waits for the other side to leave, and records when it did."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.left_at = []

    def __call__(self, peer, request):
        for piece in self.pieces:
            peer.send(piece)
        self.left_at.append(peer.wait_until_closed())
        return False


SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"9\r\ndata: 1\n\n\r\n"


class ClientLeaves(WeirTest):
    def assert_cancelled(self, script, leave, wait_for_answer=False, request=None, **options):
        backend = self.start_backend(script)
        weir = self.start_weir_before(backend, capacity=1)
        client = weir.connect(**options)
        client.send(request or format_request())
        backend.wait_for(1)
        if wait_for_answer:
            answer = client.head()
            if script.pieces[-1] == CHUNK:
                self.assertEqual(next(client.chunks(answer)), b"data: 1\n\n")
        self.eventually(lambda: weir.inflight() == 1)
        left_at = time.monotonic()
        leave(client)
        self.eventually(lambda: script.left_at, "the backend's connection stays open")
        self.assertIsNotNone(script.left_at[0])
        self.assertLess(script.left_at[0] - left_at, scaled(AT_ONCE))
        self.assert_idle(weir)
        # The only slot serves again.
        backend.answer = ok
        self.assertEqual(weir.request().status, 200)

    def test_leaving_before_the_head_frees_the_slot(self):
        self.assert_cancelled(Script(), Client.close)

    def test_leaving_by_a_reset_before_the_head_frees_the_slot(self):
        self.assert_cancelled(Script(), Client.reset)

    def test_leaving_before_the_head_of_a_post_frees_the_slot(self):
        body = b'{"a":"%s"}' % (b"x" * 200)
        self.assert_cancelled(Script(), Client.close, request=format_request("POST", "/v1/messages", [], body))

    def test_leaving_after_half_a_head_frees_the_slot(self):
        self.assert_cancelled(Script(b"HTTP/1.1 200 OK\r\nContent-Ty"), Client.close)

    def test_leaving_before_the_first_event_frees_the_slot(self):
        self.assert_cancelled(Script(SSE_HEAD), Client.close, wait_for_answer=True)

    def test_leaving_in_the_middle_of_a_stream_frees_the_slot(self):
        self.assert_cancelled(Script(SSE_HEAD, CHUNK), Client.close, wait_for_answer=True)

    def test_leaving_by_a_reset_in_the_middle_of_a_stream_frees_the_slot(self):
        self.assert_cancelled(Script(SSE_HEAD, CHUNK), Client.reset, wait_for_answer=True)

    def test_leaving_a_stream_that_ends_with_its_connection_frees_the_slot(self):
        self.assert_cancelled(Script(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: 1\n\n"),
                              Client.close, wait_for_answer=True)

    def test_leaving_in_the_middle_of_a_busy_stream_frees_the_slot(self):
        left = []

        def busy(peer, request):
            peer.send(SSE_HEAD)
            try:
                while True:
                    peer.send(CHUNK)
                    pause(0.002)
            except OSError:
                left.append(time.monotonic())
            return False
        backend = self.start_backend(busy)
        weir = self.start_weir_before(backend)
        client = weir.connect()
        client.send(format_request())
        next(client.chunks(client.head()))
        at = time.monotonic()
        client.close()
        self.eventually(lambda: left)
        self.assertLess(left[0] - at, scaled(AT_ONCE))
        self.assert_idle(weir)

    def test_leaving_without_reading_a_large_answer_frees_the_slot(self):
        gone, sent = [], []

        def flood(peer, request):
            try:
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1024 * 65536))
                for _ in range(1024):
                    peer.send(bytes(65536))
                    sent.append(1)
            except OSError:
                gone.append(time.monotonic())
            return False
        backend = self.start_backend(flood)
        weir = self.start_weir_before(backend)
        client = weir.connect(receive_buffer=16 * 1024)
        client.send(format_request())
        client.head()
        self.eventually(lambda: sent and stands_still(lambda: len(sent)))
        at = time.monotonic()
        client.close()
        self.eventually(lambda: gone)
        self.assertLess(gone[0] - at, scaled(AT_ONCE))
        self.assert_idle(weir)

    def test_leaving_the_queue_frees_the_place(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, capacity=1)
        first = self.client(weir)
        first.send(format_request(target="/first"))
        backend.wait_for(1)
        for leave in (Client.close, Client.reset):
            second = weir.connect()
            second.send(format_request(target="/second"))
            self.eventually(lambda: weir.waiting() == 1)
            leave(second)
            self.eventually(lambda: weir.waiting() == 0, within=1)
        done.set()
        self.assertEqual(first.response().status, 200)
        self.assertEqual([r.target for r in backend.requests], ["/first"])
        self.assert_idle(weir)

    def test_leaving_while_the_body_is_read_before_the_queue_reaches_no_backend(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend)
        client = weir.connect()
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf")
        self.eventually(lambda: weir.count("weir_buffered_bytes") > 0)
        client.close()
        self.assertTrue(stays(lambda: weir.inflight() == 0 and not backend.requests))
        self.assertEqual(backend.connections, 0)
        self.assertEqual(weir.status()["connections"], 0)

    def test_leaving_while_the_body_is_streamed_frees_the_slot(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend)
        client = weir.connect()
        # More than limits.body_before_queue, which is read before the request takes its place.
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 1_200_000)
        self.eventually(lambda: backend.received > 1_200_000)
        self.assert_soon_equal(lambda: weir.inflight(), 1)
        at = time.monotonic()
        client.close()
        self.eventually(lambda: backend.cancelled, "the backend still waits for the body")
        self.assertLess(backend.cancelled[0][1] - at, scaled(AT_ONCE))
        self.assert_idle(weir)

    def test_many_clients_leaving_at_once_free_all_slots(self):
        script = Script(SSE_HEAD, CHUNK)
        backend = self.start_backend(script)
        weir = self.start_weir_before(backend, capacity=100, workers=2)
        clients = [weir.connect() for _ in range(100)]
        for client in clients:
            client.send(format_request())
        for client in clients:
            next(client.chunks(client.head()))
        self.assert_soon_equal(lambda: weir.inflight(), 100)
        at = time.monotonic()
        for client in clients[:50]:
            client.close()
        self.eventually(lambda: weir.inflight() == 50)
        self.eventually(lambda: len(script.left_at) == 50)
        self.assertLess(max(script.left_at) - at, scaled(5 * AT_ONCE))
        self.assertTrue(stays(lambda: weir.inflight() == 50, 0.1))
        for client in clients[50:]:
            client.close()
        self.assert_idle(weir)

    def test_the_log_tells_clients_that_left_from_served_ones(self):
        script = Script()
        backend = self.start_backend(script)
        weir = self.start_weir_before(backend)
        client = weir.connect()
        client.send(format_request())
        backend.wait_for(1)
        client.close()
        line = self.eventually(lambda: weir.access_log())[0]
        self.assertEqual((line["reason"], line["status"]), ("client_gone", 499))


class HalfClose(WeirTest):
    """A client that has sent all it wants to send, and still reads."""

    def test_the_whole_answer_still_arrives_after_a_half_close(self):
        backend = self.start_backend(hold(never(), within=0.3, then=ok))
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(format_request("POST", "/", [], b"{}"))
        client.half_close()
        answer = client.response()
        self.assertEqual((answer.status, answer.body), (200, b"ok"))
        self.assertEqual(backend.cancelled, [])
        self.assertTrue(client.is_closed())

    def test_a_whole_stream_still_arrives_after_a_half_close(self):
        def slowly(peer, request):
            peer.send(SSE_HEAD)
            for _ in range(5):
                pause(0.05)
                peer.send(CHUNK)
            peer.send(b"0\r\n\r\n")
            return True
        backend = self.start_backend(slowly)
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(format_request())
        answer = client.head()
        chunks = client.chunks(answer)
        first = next(chunks)
        client.half_close()
        rest = b"".join(chunks)
        self.assertEqual((first + rest).replace(b":\n\n", b""), b"data: 1\n\n" * 5)
        self.assertTrue(answer.complete)

    def test_a_place_in_the_queue_is_kept_after_a_half_close(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, capacity=1)
        first, second = self.client(weir), self.client(weir)
        first.send(format_request())
        backend.wait_for(1)
        second.send(format_request())
        second.half_close()
        self.eventually(lambda: weir.waiting() == 1)
        self.assertTrue(stays(lambda: weir.waiting() == 1, 0.2))
        done.set()
        self.assertEqual((first.response().status, second.response().status), (200, 200))

    def test_pipelined_requests_are_all_answered_after_a_half_close(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(format_request(target="/1") + format_request(target="/2") + format_request(target="/3"))
        client.half_close()
        self.assertEqual([client.response().status for _ in range(3)], [200] * 3)

    def test_an_http_1_0_client_gets_its_answer_after_a_half_close(self):
        backend = self.start_backend(hold(never(), within=0.2, then=ok))
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        client.half_close()
        self.assertEqual(client.response().body, b"ok")


if __name__ == "__main__":
    unittest.main()

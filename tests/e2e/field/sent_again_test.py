"""Which requests are sent again when their endpoint fails: nothing is made twice, and no prompt brings down all engines."""

import threading
import unittest

from support.backend import ok, respond
from support.faults import refusing
from support.policy import small_policy
from support.process import WeirTest
from support.wire import format_request

INFERENCE = ("/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/embeddings", "/v1/messages/count_tokens")
MADE = (("POST", "/v1/batches"), ("POST", "/v1/files"), ("POST", "/v1/videos"), ("POST", "/v1/responses"), ("POST", "/jobs"),
        ("POST", "/v1/fine_tuning/jobs"), ("DELETE", "/v1/files/f-1"), ("PATCH", "/v1/x"))
NO_EJECTION = {"ejection": {"failures": 0}}


def close(peer, request):
    return False


def reset(peer, request):
    return peer.reset()


def close_in_head(peer, request):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-")
    return False


def reset_in_head(peer, request):
    peer.send(b"HTTP/1.1 2")
    return peer.reset()


ENDINGS = (close, reset, close_in_head, reset_in_head)


class Endpoints(WeirTest):
    def pair(self, answer, dialect="openai"):
        self.backends = [self.start_backend(answer) for _ in range(2)]
        return self.start_weir(small_policy(*[backend.url for backend in self.backends],
                                            backend={**NO_EJECTION, "dialect": dialect}))

    def take_counts(self):
        counts = [len(backend.requests) for backend in self.backends]
        for backend in self.backends:
            backend.requests.clear()
        return counts

    def test_a_request_with_side_effects_is_sent_once_if_it_may_have_been_read(self):
        for dialect in ("openai", "generic"):
            weir = self.pair(close, dialect)
            for ending in ENDINGS:
                for backend in self.backends:
                    backend.answer = ending
                for method, target in MADE:
                    with self.subTest(target, ending=ending.__name__, dialect=dialect):
                        answer = weir.request(method, target, [], b'{"input":"x"}')
                        self.assertEqual((answer.status, answer.get("x-weir-decision")), (502, "backend_reset"))
                        self.assertEqual(sum(self.take_counts()), 1)
            self.assert_idle(weir)

    def test_a_request_that_only_computes_is_sent_once_more_elsewhere(self):
        weir = self.pair(close)
        for ending in ENDINGS:
            for backend in self.backends:
                backend.answer = ending
            for method, target in [("POST", path) for path in INFERENCE] + [("GET", "/v1/models"), ("PUT", "/v1/x")]:
                with self.subTest(target, ending=ending.__name__):
                    self.assertEqual(weir.request(method, target, [], b"{}").status, 502)
                    self.assertEqual(self.take_counts(), [1, 1])
        self.assert_idle(weir)

    def test_the_same_on_connections_that_have_served_before(self):
        weir = self.pair(ok)
        for _ in range(4):
            self.assertEqual(weir.request("POST", INFERENCE[0], [], b"{}").status, 200)
        self.take_counts()
        for ending in (close, reset):
            for backend in self.backends:
                backend.answer = ending
            self.assertEqual(weir.request("POST", INFERENCE[0], [], b"{}").status, 502)
            self.assertEqual(sum(self.take_counts()), 2)
            for backend in self.backends:
                backend.answer = ok
            for _ in range(4):
                self.assertEqual(weir.request("POST", INFERENCE[0], [], b"{}").status, 200)
            self.take_counts()

    def test_the_other_endpoint_answers_for_the_one_that_died(self):
        weir = self.pair(reset)
        self.backends[1].answer = respond(b"alive")
        for path in INFERENCE:
            self.assertEqual(weir.request("POST", path, [], b"{}").body, b"alive")

    def test_a_request_that_could_not_be_sent_is_sent_elsewhere_whatever_it_is(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(refusing(), backend.url, backend=NO_EJECTION))
        for method, target in MADE:
            self.assertEqual(weir.request(method, target, [], b"{}").status, 200, target)
        self.assertEqual(len(backend.requests), len(MADE))


class KeptConnections(WeirTest):
    """A backend that closes each connection on its second request. One worker, as each has its own pool."""

    def closes_on_second(self, **options):
        self.executed = []

        def answer(peer, request):
            if any(known.connection == request.connection for known in self.executed):
                return False
            self.executed.append(request)
            return ok(peer, request)
        return self.start_backend(answer, **options)

    def test_a_request_that_cannot_be_repeated_is_not_sent_on_kept_connections(self):
        backend = self.closes_on_second()
        weir = self.start_weir_before(backend, workers=1)
        for i in range(6):
            self.assertEqual(weir.request("POST", "/v1/batches", [], b'{"n":%d}' % i).status, 200)
        self.assertEqual([request.body for request in backend.requests], [b'{"n":%d}' % i for i in range(6)])

    def test_an_incomplete_body_is_not_sent_on_kept_connections(self):
        backend = self.closes_on_second()
        weir = self.start_weir(small_policy(backend.url, listener_limits={"body_bytes": "100MiB"}))
        with weir.connect() as client:
            for i in range(4):
                body = b"%d" % i * 1_500_000
                answer = client.request("POST", "/v1/files", [], body)
                self.assertEqual(answer.status, 200)
                self.assertEqual(backend.requests[-1].body, body)

    def test_connections_for_one_request_do_not_pile_up(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=1)
        for _ in range(20):
            self.assertEqual(weir.request("POST", "/v1/batches", [], b"{}").status, 200)
        self.assertEqual(backend.connections, 20)
        self.eventually(lambda: len(backend._peers) == 1)

    def test_inference_is_sent_on_kept_connections(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=1)
        for _ in range(10):
            self.assertEqual(weir.request("POST", "/v1/chat/completions", [], b"{}").status, 200)
        self.assertEqual(backend.connections, 1)

    def test_one_stale_connection_is_followed_by_a_fresh_one(self):
        """All idle connections may have been closed in the same way."""
        backend = self.start_backend()
        weir = self.start_weir_before(backend, workers=1)
        gathered = threading.Barrier(4)

        def together(peer, request):
            gathered.wait(10)
            return ok(peer, request)
        backend.answer = together
        clients = [self.client(weir) for _ in range(4)]
        for client in clients:
            client.send(format_request("POST", "/v1/chat/completions", [], b"{}"))
        self.assertEqual({client.response().status for client in clients}, {200})
        old = {request.connection for request in backend.requests}

        def close_old(peer, request):
            return ok(peer, request) if request.connection not in old else peer.reset()
        backend.answer = close_old
        for _ in range(4):
            self.assertEqual(weir.request("POST", "/v1/chat/completions", [], b"{}").status, 200)


if __name__ == "__main__":
    unittest.main()

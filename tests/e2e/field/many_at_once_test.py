"""Many requests at once, again and again: connections to the backend are opened once, and stay for the next burst."""

import threading
import unittest

from support.backend import ok
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled
from support.wire import format_request

AT_ONCE = 300


class ManyAtOnce(WeirTest):
    def test_a_burst_uses_the_connections_of_the_one_before_it(self):
        all_here = threading.Barrier(AT_ONCE)

        def answer(peer, request):
            all_here.wait(scaled(30))
            return ok(peer, request)
        backend = self.start_backend(answer)
        weir = self.start_weir(small_policy(backend.url, capacity=AT_ONCE, workers=1))
        clients = [self.client(weir) for _ in range(AT_ONCE)]
        for _ in range(3):
            for client in clients:
                client.send(format_request())
            for client in clients:
                self.assertEqual(client.response().status, 200)
        self.assertEqual(backend.connections, AT_ONCE)


if __name__ == "__main__":
    unittest.main()

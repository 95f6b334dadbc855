"""One request sent as raw bytes: refused without a byte at the backend, or forwarded exactly once."""

from support.process import SharedWeirTest
from support.wire import Client

# The request that smuggling would execute behind a refused message: it must never be executed.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


class RawRequestTest(SharedWeirTest):
    def assert_refused(self, data, statuses=(400,)):
        with Client(self.weir.address) as client:
            client.try_send(data)
            answer = client.response()
            self.assertIn(answer.status, statuses, data[:200])
            self.assertEqual(answer.get("connection"), "close", data[:200])
            self.assertTrue(answer.complete, data[:200])
            self.assertTrue(client.is_closed(), f"the connection stays open after a malformed request: {data[:200]}")
        self.assertEqual(self.backend.requests, [], data[:200])

    def assert_all_refused(self, cases, statuses=(400,)):
        for data in cases:
            with self.subTest(data=data[:120]):
                self.assert_refused(data, statuses)

    def forwarded(self, data):
        """The only request that reached the backend."""
        answer = self.ask(data)
        self.assertEqual(answer.status, 200, data[:200])
        self.assertEqual(len(self.backend.requests), 1, data[:200])
        return self.backend.requests.pop()

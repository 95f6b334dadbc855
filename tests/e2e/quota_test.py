"""A backend whose quota is learned, as operators see it."""

import threading
import unittest

from support.backend import hold
from support.policy import small_policy
from support.process import WeirTest


class Quota(WeirTest):
    def start(self, answer=None, **learned):
        capacity = {"requests": {"learn": True, "from": "quota", **learned}}
        self.backend = self.start_backend(answer)
        self.weir = self.start_weir(small_policy(self.backend.url, backend={"capacity": capacity}))

    def test_it_is_on_metrics_and_in_status(self):
        self.start(start=7)
        self.assertEqual(self.weir.request().status, 200)
        metrics = self.weir.admin("/metrics").body.decode()
        labels = f'{{backend="model",endpoint="{self.backend.url}"}}'
        for name, value in [("rate", 0), ("concurrency", 7), ("refused_total", 0)]:
            self.assertIn(f"weir_endpoint_quota_{name}{labels} {value}\n", metrics)
        endpoint = self.weir.status()["backends"][0]["endpoints"][0]
        self.assertEqual(endpoint["quota"], {"rate": 0, "refused": 0})

    def test_no_more_than_start_run_before_anything_is_known(self):
        let_go = threading.Event()
        self.addCleanup(let_go.set)
        self.start(hold(let_go), start=2)
        clients = [threading.Thread(target=self.weir.request) for _ in range(3)]
        for client in clients:
            client.start()
        self.assert_soon_equal(lambda: (self.weir.inflight(), self.weir.waiting()), (2, 1))
        let_go.set()
        for client in clients:
            client.join()
        self.assert_idle(self.weir)


if __name__ == "__main__":
    unittest.main()

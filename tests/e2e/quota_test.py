"""A backend whose quota is learned, as operators see it."""

import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from support.backend import hold, reply, respond
from support.policy import small_policy
from support.process import WeirTest


class Quota(WeirTest):
    def start(self, answer=None, **learned):
        capacity = {"requests": {"learn": True, "from": "quota", **learned}}
        self.backend = self.start_backend(answer)
        everyone = {"name": "everyone", "match": "any", "backend": "model", "queue": 64}
        self.weir = self.start_weir(small_policy(self.backend.url, backend={"capacity": capacity}, classes=[everyone]))

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

    def test_requests_that_it_refuses_wait_instead_of_bouncing(self):
        left = threading.Semaphore(4)  # at once; any more are refused
        refused = []

        def provider(peer, request):
            if not left.acquire(blocking=False):
                refused.append(request)
                peer.send(reply(b'{"error":"slow down"}', "429 Too Many Requests"))
                return True
            try:
                peer.trickle(reply(b"ok"), every=0.001)
            finally:
                left.release()
            return True

        self.start(provider, start=16)
        with ThreadPoolExecutor(24) as clients:
            answers = list(clients.map(lambda _: self.weir.request("POST", "/v1/chat/completions", [], b"{}"), range(120)))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertGreater(len(refused), 0)
        self.assertEqual(self.weir.count("weir_endpoint_quota_refused_total"), len(refused))
        attempts = [int(answer.get("x-weir-attempts", 1)) for answer in answers]
        self.assertEqual(sum(attempts) - len(answers), len(refused))
        self.assert_idle(self.weir)

    def test_one_that_it_refuses_to_the_end_is_answered_by_the_judge(self):
        self.start(respond(b"{}", "429 Too Many Requests"))
        self.weir.reload(small_policy(self.backend.url, backend={"capacity": {"requests": {"learn": True, "from": "quota"}}},
                                      classes=[{"name": "everyone", "match": "any", "backend": "model", "queue_timeout": "300ms"}]))
        answer = self.weir.request("POST", "/v1/chat/completions", [], b"{}")
        self.assertIn(answer.status, (429, 503))
        self.assert_idle(self.weir)


if __name__ == "__main__":
    unittest.main()

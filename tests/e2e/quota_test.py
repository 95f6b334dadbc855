"""A backend whose quota is learned, as operators see it."""

import threading
import time
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


class QuotaOutage(WeirTest):
    """What waiting for a quota does not cure goes to the fallback, or to the client."""

    def start(self, answer, fallback=True, **cls):
        engines = [self.start_backend(answer), self.start_backend()]
        policy = small_policy(engines[0].url, backend={"capacity": {"requests": {"learn": True, "from": "quota"}}})
        policy["classes"][0].update({"queue_timeout": "2s", **cls})
        if fallback:
            policy["backends"][0]["fallback"] = "other"
            policy["backends"].append({"name": "other", "endpoints": engines[1].url, "capacity": {"requests": 8}})
        return engines, self.start_weir(policy)

    def post(self, weir):
        return weir.request("POST", "/v1/chat/completions", [("Content-Type", "application/json")],
                            b'{"model":"large","messages":[]}')

    def test_a_provider_that_is_down(self):
        engines, weir = self.start(respond(b"{}", "503 Service Unavailable"))
        self.assertEqual([self.post(weir).status for _ in range(4)], [200] * 4)
        self.assertLessEqual(len(engines[0].requests), 4, "each once")

    def test_is_passed_on_where_there_is_no_other_place(self):
        engines, weir = self.start(respond(b"{}", "503 Service Unavailable"), fallback=False)
        self.assertEqual(self.post(weir).status, 503)
        self.assertEqual(len(engines[0].requests), 1)

    def test_a_quota_that_comes_back_too_late(self):
        engines, weir = self.start(respond(b"{}", "429 Too Many Requests", [("Retry-After", "3600")]))
        began = time.monotonic()
        self.assertEqual(self.post(weir).status, 200)
        self.assertLess(time.monotonic() - began, 1.5, "it did not wait in vain")

    def test_a_quota_that_is_used_up_for_longer_than_a_request_may_wait(self):
        engines, weir = self.start(respond(b"{}", "429 Too Many Requests"), queue_timeout="500ms")
        self.assertEqual([self.post(weir).status for _ in range(3)], [200] * 3)
        self.assertTrue(engines[1].requests)


if __name__ == "__main__":
    unittest.main()

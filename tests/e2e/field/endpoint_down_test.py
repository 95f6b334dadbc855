"""The reason why an endpoint takes no requests is shown to operators, and probing goes on across reloads."""

import tempfile
import unittest

from support.backend import respond
from support.certificates import Authority, server_context
from support.faults import Blackhole, refusing
from support.policy import small_policy
from support.process import WeirTest, run_weir

HEALTH = {"every": "50ms", "timeout": "40ms", "fall": 2, "rise": 1}


class Reasons(WeirTest):
    def assert_down(self, weir, reason, word):
        self.eventually(lambda: weir.count("weir_backend_down", reason=reason) == 1, f"not down for {reason}", 10)
        self.assertEqual(weir.count("weir_backend_down"), 1)
        said = weir.status()["backends"][0]["endpoints"][0]["reason"]
        self.assertIn(reason, said)
        self.assertIn(word, said)
        self.eventually(lambda: f"is down: {reason}" in weir.stderr())
        out = run_weir("status", "--admin", "127.0.0.1:%d" % weir.admin_address[1])[1]
        self.assertIn(said, out)

    def test_an_expired_certificate(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-e2e-")
        self.addCleanup(folder.cleanup)
        authority = Authority(folder.name)
        backend = self.start_backend(tls=server_context(*authority.issue("old", "IP:127.0.0.1", days=-1)))
        weir = self.start_weir_before(backend, backend={"tls": {"ca_file": str(authority.certificate)},
                                                        "health": {**HEALTH, "every": "500ms", "timeout": "400ms"}})
        self.assert_down(weir, "certificate", "expired")

    def test_a_connection_that_is_refused(self):
        weir = self.start_weir(small_policy(refusing(), backend={"health": HEALTH}))
        self.assert_down(weir, "refused", "refused")

    def test_a_bad_status(self):
        backend = self.start_backend(respond(status="503 Service Unavailable"))
        weir = self.start_weir_before(backend, backend={"health": HEALTH})
        self.assert_down(weir, "status", "503")

    def test_silence(self):
        hole = Blackhole()
        self.addCleanup(hole.close)
        weir = self.start_weir(small_policy(hole.address, backend={"health": HEALTH}))
        self.assert_down(weir, "timeout", "in time")

    def test_requests_that_fail(self):
        backend = self.start_backend(respond(status="503 Service Unavailable"))
        other = self.start_backend(respond(status="503 Service Unavailable"))
        weir = self.start_weir(small_policy(backend.url, other.url, backend={"ejection": {"failures": 2, "duration": "60s"}}))
        for _ in range(12):
            weir.request()
        self.assertEqual(weir.count("weir_backend_down", reason="requests"), 1)

    def test_the_reason_is_gone_once_the_endpoint_is_up(self):
        backend = self.start_backend(respond(status="503 Service Unavailable"))
        weir = self.start_weir_before(backend, backend={"health": HEALTH})
        self.assert_down(weir, "status", "503")
        backend.answer = respond(b"fine")
        self.assert_soon_equal(lambda: weir.count("weir_backend_down"), 0)
        self.assertEqual(weir.status()["backends"][0]["endpoints"][0]["reason"], "")


class Watches(WeirTest):
    def test_an_endpoint_that_hangs_is_found_down_despite_constant_reloads(self):
        hole = Blackhole()
        self.addCleanup(hole.close)
        policy = small_policy(hole.address, backend={"health": {"every": "400ms", "timeout": "300ms", "fall": 3}})
        weir = self.start_weir(policy)
        for _ in range(200):
            weir.reload()
            if weir.count("weir_backend_up") == 0:
                break
        self.assertEqual(weir.count("weir_backend_up"), 0)


if __name__ == "__main__":
    unittest.main()

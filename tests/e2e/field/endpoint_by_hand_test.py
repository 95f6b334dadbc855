"""An operator takes an endpoint out of service, or gives it less of the load, without a change of the policy."""

import json
import os
import unittest

from support.backend import respond
from support.policy import small_policy
from support.process import WeirTest, run_weir
from support.wire import Client


class ByHand(WeirTest):
    def setUp(self):
        self.first, self.second = self.start_backend(respond(b"first")), self.start_backend(respond(b"second"))
        policy = small_policy(self.first.url, self.second.url, backend={"balance": "round_robin", "slow_start": "0s"})
        self.weir = self.start_weir(policy)

    def post(self, body, fields=(("Content-Type", "application/json"),), host="localhost"):
        with Client(self.weir.admin_address) as client:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            return client.request("POST", "/endpoints", [("Host", host), *fields, ("Connection", "close")], data)

    def set(self, action, **more):
        return self.post({"backend": "model", "endpoint": self.first.url, "action": action, **more})

    def bodies(self, count=20):
        return [self.weir.request().body for _ in range(count)]

    def row(self):
        rows = json.loads(self.weir.admin("/endpoints").body)["endpoints"]
        return next(row for row in rows if row["endpoint"] == self.first.url)

    def test_a_drain_ends_by_itself(self):
        self.assertEqual(self.set("drain", **{"for": "700ms", "why": "a new model"}).status, 200)
        self.assertEqual(set(self.bodies()), {b"second"})
        self.assertEqual(self.row()["by_hand"]["why"], "a new model")
        self.assertEqual(self.row()["reason"], "operator: a new model")
        self.assertEqual(self.weir.count("weir_backend_down", endpoint=self.first.url, reason="operator"), 1)
        self.eventually(lambda: b"first" in self.bodies(4))
        self.assertIsNone(self.row()["by_hand"])
        for words in ("by hand from `nothing` to `drain`: a new model", "by hand from `drain` to `nothing`"):
            self.assertIn(words, self.weir.stderr())

    def test_a_drain_survives_a_reload_and_can_be_cleared(self):
        self.set("drain")
        self.weir.reload()
        self.assertEqual(set(self.bodies()), {b"second"})
        self.set("clear")
        self.assertEqual(set(self.bodies(4)), {b"first", b"second"})

    def test_an_ejected_endpoint_comes_back_on_trial(self):
        self.set("eject", **{"for": "200ms"})
        self.assertFalse(self.row()["available"])
        self.eventually(lambda: self.row()["trial"])
        self.eventually(lambda: b"first" in self.bodies(4))
        self.assertFalse(self.row()["trial"])

    def test_a_weight_scales_its_share(self):
        self.set("weight", weight=25)
        self.assertLessEqual(self.bodies(50).count(b"first"), 12)
        self.assertEqual(self.weir.count("weir_endpoint_share_ratio", endpoint=self.first.url), 0.25)

    def test_pages_in_a_browser_change_nothing(self):
        body = {"backend": "model", "endpoint": self.first.url, "action": "drain"}
        typed = ("Content-Type", "application/json")
        for status, fields, host in ((403, [typed, ("Origin", "http://evil.example")], "localhost"),
                                     (403, [typed, ("Sec-Fetch-Site", "cross-site")], "localhost"),
                                     (415, [("Content-Type", "text/plain")], "localhost"), (415, [], "localhost"),
                                     (421, [typed], "evil.example")):
            self.assertEqual(self.post(body, fields, host).status, status)
        self.assertTrue(self.row()["available"])

    def test_what_is_not_understood_changes_nothing(self):
        self.assertEqual(self.set("stop").status, 400)
        self.assertEqual(self.post(b"drain").status, 400)
        self.assertEqual(self.post({"backend": "model", "endpoint": "http://no.example", "action": "drain"}).status, 404)
        self.assertEqual(self.post({"backend": "none", "endpoint": self.first.url, "action": "drain"}).status, 404)

    def test_the_command_line(self):
        admin = "127.0.0.1:%d" % self.weir.admin_address[1]

        def endpoint(*arguments):
            return run_weir("endpoint", "model", self.first.url, *arguments, "--admin", admin)
        code, out, _ = endpoint("drain", "--for", "10m", "--why", "a new model")
        self.assertEqual((code, out), (0, f"{self.first.url}: drain for 600 s\n"))
        self.assertIn("operator: a new model  by hand: drain for another 10m", run_weir("status", "--admin", admin)[1])
        self.assertEqual(endpoint("clear")[1], f"{self.first.url}: nothing is set by hand\n")
        self.assertEqual(endpoint("weight")[::2], (1, "weir: 'weight' must be a number of percent, 0 to 100\n"))


class Token(WeirTest):
    def test_a_change_needs_the_token(self):
        backend = self.start_backend()
        policy = small_policy(backend.url)
        policy["admin"]["token"] = "secret-of-this-test"
        weir = self.start_weir(policy)
        arguments = ["endpoint", "model", backend.url, "drain", "--admin", "127.0.0.1:%d" % weir.admin_address[1]]
        self.assertEqual(run_weir(*arguments)[0], 1)
        self.assertEqual(weir.request().status, 200)
        code, _, _ = run_weir(*arguments, env={**os.environ, "WEIR_ADMIN_TOKEN": "secret-of-this-test"})
        self.assertEqual(code, 0)
        self.assertEqual(weir.request().get("x-weir-decision"), "no_endpoint")


if __name__ == "__main__":
    unittest.main()

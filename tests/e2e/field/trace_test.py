"""TRACE: its answer repeats the request, including credentials that proxies added."""

import unittest

from support.policy import small_policy
from support.process import WeirTest


class Trace(WeirTest):
    def test_it_is_not_passed_on_unless_the_policy_says_so(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url))
        for fields in ((), (("Max-Forwards", "0"),), (("Authorization", "Bearer secret"),)):
            answer = weir.request("TRACE", "/", fields)
            self.assertEqual((answer.status, answer.get("x-weir-decision")), (405, "method_not_allowed"))
            self.assertIn("POST", answer.get("allow"))
            self.assertNotIn(b"secret", answer.body)
        self.assertEqual(backend.requests, [])

    def test_a_listener_may_pass_it_on(self):
        backend = self.start_backend()
        policy = small_policy(backend.url)
        policy["listeners"][0]["trace"] = True
        weir = self.start_weir(policy)
        self.assertEqual(weir.request("TRACE", "/").status, 200)
        self.assertEqual([request.method for request in backend.requests], ["TRACE"])


if __name__ == "__main__":
    unittest.main()

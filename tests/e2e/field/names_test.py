"""Addresses and classes that change all day: names return their numbers, and bounds apply to one policy."""

import unittest

from support.policy import small_policy
from support.process import Weir, WeirTest, free_port, run_weir



def with_endpoints(live, first, count):
    """One endpoint that answers, and others that never get a request, as they come after it in a round of one."""
    policy = small_policy(live.url)
    backend = policy["backends"][0]
    policy["backends"].append({**backend, "name": "spare",
                               "endpoints": [f"http://127.9.{(first + i) // 250}.{(first + i) % 250 + 1}:1" for i in range(count)]})
    policy["classes"].insert(0, {"name": f"class-{first}", "match": {"path": "/spare"}, "backend": "spare"})
    return policy


class Reloads(WeirTest):
    def test_a_hundred_reloads_with_new_addresses_and_classes_are_all_taken(self):
        live = self.start_backend()
        weir = self.start_weir(with_endpoints(live, 0, 100))
        for round in range(1, 101):
            weir.reload(with_endpoints(live, round * 100, 100))
        self.assertEqual(weir.request().status, 200)
        self.assertEqual(weir.count("weir_config_reloads_total", result="success"), 100)
        self.assertLessEqual(weir.count("weir_names_used", kind="endpoint"), 300)
        self.assertEqual(weir.count("weir_names_limit", kind="endpoint"), 4096)

    def test_refused_reloads_use_up_nothing(self):
        live = self.start_backend()
        weir = self.start_weir(small_policy(live.url))
        for round in range(50):
            policy = with_endpoints(live, round * 200, 200)
            policy["admin"]["bind"] = "127.0.0.1:%d" % free_port()
            weir.reload(policy, expect=False)
        self.assertEqual(weir.count("weir_names_used", kind="endpoint"), 1)

    def test_counts_of_a_class_do_not_pass_to_the_one_that_has_its_number(self):
        live = self.start_backend()

        def policy(name):
            return small_policy(live.url, classes=[{"name": f"{name}-{i}", "match": {"path": f"/{i}"}, "backend": "model"}
                                                   for i in range(200)] +
                                                  [{"name": "rest", "match": "any", "backend": "model"}])

        weir = self.start_weir(policy("first"))
        self.assertEqual(weir.request(target="/7").status, 200)
        self.assert_soon_equal(lambda: weir.count("weir_requests_total", outcome="served"), 1)
        for name in ("second", "third", "fourth"):
            weir.reload(policy(name))
        self.assertNotIn("first-7", weir.admin("/metrics").body.decode())
        self.assertEqual(weir.count("weir_requests_total"), 0)
        self.assertEqual(weir.request(target="/7").status, 200)
        self.assert_soon_equal(lambda: weir.count("weir_requests_total", **{"class": "fourth-7"}), 1)
        self.assertEqual(weir.access_log()[-1]["class"], "fourth-7")


class Bounds(unittest.TestCase):
    def check(self, policy):
        weir = Weir(policy)
        return run_weir("check", weir.policy_file)

    def test_check_reports_more_names_than_one_policy_may_have(self):
        policy = small_policy("http://127.0.0.1:1")
        rest = policy["classes"]
        policy["classes"] = [{"name": f"c{i}", "match": {"path": f"/{i}"}, "backend": "model"} for i in range(256)] + rest
        code, out, _ = self.check(policy)
        self.assertEqual(code, 1, out)
        self.assertIn("at most 256 classes", out)

    def test_check_reports_more_endpoints_than_one_policy_may_have(self):
        policy = small_policy(*[f"http://127.8.{i // 250}.{i % 250 + 1}:1" for i in range(1025)])
        code, out, _ = self.check(policy)
        self.assertEqual(code, 1, out)
        self.assertIn("at most 1024 endpoints", out)


if __name__ == "__main__":
    unittest.main()

"""The real binary exports the metrics that dashboards and alerts use."""

import pathlib
import re
import subprocess
import unittest

from support.policy import small_policy
from support.process import WeirTest

NAMES = pathlib.Path(__file__).parent.parent / "deploy" / "metric_names.txt"


def exported(text):
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


class Metrics(WeirTest):
    def setUp(self):
        classes = [{"name": "everyone", "match": "any", "backend": "model", "slo": {"first_token": "1s", "target": "99%"}}]
        degrade = [{"name": "short", "when": {"class": "everyone", "pressure": 1}, "do": {"max_output_tokens": 8}}]
        self.weir = self.start_weir(small_policy(self.start_backend().url, classes=classes, degrade=degrade))

    def scrape(self):
        return self.weir.admin("/metrics").body.decode()

    def test_every_name_that_dashboards_may_use_is_there_before_any_request(self):
        listed = {line for line in NAMES.read_text().splitlines() if line and not line.startswith("#")}
        self.assertEqual(listed - exported(self.scrape()), set())

    def test_promtool_finds_nothing_wrong(self):
        self.assertEqual(self.weir.request().status, 200)
        check = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(), text=True, capture_output=True, timeout=30)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))

    def test_the_policy_in_force_is_identified_by_its_hash(self):
        hash_on_metrics = re.search(r'weir_config_info\{hash="(\w+)"\} 1', self.scrape()).group(1)
        self.assertTrue(hash_on_metrics.startswith(self.weir.status()["policy_hash"]))


if __name__ == "__main__":
    unittest.main()

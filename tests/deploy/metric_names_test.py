"""Dashboards and alerts use what exists: every metric they name is in metric_names.txt or recorded by a rule."""

import json
import re
import subprocess
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parents[1] / "deploy"
RULES = re.sub(r"#.*", "", (DEPLOY / "prometheus/alerts.yaml").read_text())
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana/weir.json").read_text())

EXPORTED = {line for line in (HERE / "metric_names.txt").read_text().splitlines() if line and not line.startswith("#")}
RECORDED = set(re.findall(r"- record: *(\S+)", RULES))


def named_in(text):
    """The metrics a text names, histograms without their suffixes."""
    names = set(re.findall(r"\b(?:weir|process)_[a-z_]+\b", text))
    return {re.sub(r"_(bucket|sum|count)$", "", name) if name not in EXPORTED else name for name in names}


def dashboard_expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


class MetricNames(unittest.TestCase):
    def test_alerts_name_only_metrics_that_are_exported(self):
        self.assertLessEqual(named_in(RULES), EXPORTED)

    def test_the_runbook_names_only_metrics_that_are_exported(self):
        self.assertLessEqual(named_in(RUNBOOK), EXPORTED)

    def test_alerts_name_only_recordings_that_are_made(self):
        self.assertLessEqual(set(re.findall(r"\bweir:[\w:]+", RULES)), RECORDED)

    def test_the_dashboard_names_only_metrics_that_are_exported(self):
        for title, expression in dashboard_expressions():
            self.assertLessEqual(named_in(expression), EXPORTED, title)
            self.assertTrue(named_in(expression), title)
        for variable in DASHBOARD["templating"]["list"]:
            self.assertLessEqual(named_in(str(variable.get("query"))), EXPORTED, variable["name"])

    def test_every_metric_of_weir_is_on_the_dashboard(self):
        shown = named_in(json.dumps(DASHBOARD))
        self.assertEqual({name for name in EXPORTED if name.startswith("weir_")} - shown, set())

    def test_the_list_is_sorted_and_without_repetition(self):
        lines = [line for line in (HERE / "metric_names.txt").read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(lines, sorted(set(lines)))


class Dashboard(unittest.TestCase):
    def test_every_expression_is_promql(self):
        rules = {"groups": [{"name": "dashboard", "rules": []}]}
        for number, (_, expression) in enumerate(dashboard_expressions()):
            # Grafana fills these in; any window suits the grammar.
            expression = expression.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$class", ".*")
            rules["groups"][0]["rules"].append({"record": f"panel:number:{number}", "expr": expression})
        # JSON is YAML.
        result = subprocess.run(["promtool", "check", "rules", "/dev/stdin"], input=json.dumps(rules), text=True,
                                capture_output=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_panels_have_ids_of_their_own_and_do_not_overlap(self):
        panels = DASHBOARD["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        cells = set()
        for panel in panels:
            at = panel["gridPos"]
            own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & own, panel["title"])
            cells |= own


if __name__ == "__main__":
    unittest.main()

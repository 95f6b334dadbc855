"""The command line: what each verb prints and the code it ends with."""

import json
import re
import unittest

from support.policy import small_policy
from support.process import ROOT, Weir, WeirTest, free_port, run_weir

BROKEN = ROOT / "tests/golden/policy"


class Verbs(unittest.TestCase):
    def test_the_version_is_one_line(self):
        code, out, _ = run_weir("version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^weir \d+\.\d+\.\d+\n$")

    def test_the_help_names_every_verb_and_a_first_step(self):
        for flag in ("--help", "-h"):
            code, out, _ = run_weir(flag)
            self.assertEqual(code, 0)
            for word in ("serve", "check", "schema", "status", "version", "config/quickstart.yaml", "Exit codes"):
                self.assertIn(word, out)

    def test_each_verb_explains_itself(self):
        for verb in ("serve", "check", "schema", "status", "version"):
            code, out, _ = run_weir(verb, "--help")
            self.assertEqual(code, 0, verb)
            self.assertIn(verb, out)

    def test_misuse_ends_with_2_and_says_what_is_wrong(self):
        for arguments, word in (((), "subcommand"), (("sevre",), "sevre"), (("serve",), "POLICY"), (("check",), "POLICY"),
                                (("check", "--format", "xml", "x"), "xml"), (("serve", "a", "b"), "b")):
            with self.subTest(arguments=arguments):
                code, out, err = run_weir(*arguments)
                self.assertEqual(code, 2)
                self.assertIn(word, out + err)

    def test_the_schema_is_the_one_in_the_repository(self):
        code, out, _ = run_weir("schema")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out), json.loads((ROOT / "config/weir.schema.json").read_text()))
        self.assertEqual(out, (ROOT / "config/weir.schema.json").read_text())


class Check(unittest.TestCase):
    def test_every_example_policy_is_clean(self):
        files = sorted((ROOT / "config").glob("*.yaml"))
        self.assertGreaterEqual(len(files), 4)
        # The certificates and keys that they name do not exist here.
        code, out, err = run_weir("check", "--without-files", *files)
        self.assertEqual((code, err), (0, ""))
        # The limit on descriptors is the machine's: that warning says nothing about the policy.
        self.assertEqual(set(re.findall(r"\[([a-z-]+)\]$", out, re.M)) - {"too-few-descriptors"}, set())
        self.assertEqual(len(re.findall(r"\.yaml: ok, ", out)), len(files))

    def test_a_mistake_is_shown_with_its_place_and_a_suggestion(self):
        code, out, _ = run_weir("check", BROKEN / "typo.yaml")
        self.assertEqual(code, 1)
        self.assertRegex(out, r"typo\.yaml:\d+:\d+: error: .*did you mean '.*'\?.* \[unknown-key\]")
        self.assertIn("^", out)

    def test_every_broken_policy_ends_with_1(self):
        for file in sorted(BROKEN.glob("*.yaml")):
            if file.stem in ("doubtful", "doubtful_affinity", "doubtful_headers", "doubtful_keys"):  # warnings alone
                continue
            with self.subTest(file=file.name):
                code, out, _ = run_weir("check", file)
                self.assertEqual(code, 1)
                self.assertRegex(out, rf"({file.name}|keys/bad\.yaml):\d+:\d+: error: |{file.name}: error: the file is empty")

    def test_one_bad_file_among_good_ones_ends_with_1(self):
        code, out, _ = run_weir("check", ROOT / "config/minimal.yaml", BROKEN / "typo.yaml", ROOT / "config/quickstart.yaml")
        self.assertEqual(code, 1)
        self.assertEqual(out.count(": ok"), 2)

    def test_the_diagnostics_can_be_json(self):
        code, out, _ = run_weir("check", "--format", "json", BROKEN / "two_errors.yaml")
        self.assertEqual(code, 1)
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertGreaterEqual(len(rows), 2)
        for row in rows:
            self.assertEqual(row["severity"], "error")
            self.assertGreater(row["line"], 0)
            self.assertTrue(row["message"])
        self.assertEqual(run_weir("check", "--format", "json", ROOT / "config/minimal.yaml")[:2], (0, ""))

    def test_the_diagnostics_can_be_github_annotations(self):
        code, out, _ = run_weir("check", "--format", "github", BROKEN / "typo.yaml")
        self.assertEqual(code, 1)
        self.assertRegex(out, r"^::error file=.*typo\.yaml,line=\d+,col=\d+.*::")

    def test_a_file_that_is_not_there_is_an_error_that_names_it(self):
        code, out, err = run_weir("check", "/nowhere/policy.yaml")
        self.assertEqual(code, 1)
        self.assertIn("/nowhere/policy.yaml", out + err)

    def test_a_policy_whose_own_test_fails_is_not_good(self):
        weir = Weir(small_policy("http://127.0.0.1:1", tests=[
            {"name": "wishful", "request": {"path": "/x"}, "expect": {"class": "everyone", "decision": "refuse"}}]))
        code, out, _ = run_weir("check", weir.policy_file)
        self.assertEqual(code, 1)
        self.assertIn("wishful", out)


class Status(WeirTest):
    def test_a_running_weir_is_described(self):
        weir = self.start_weir_before(self.start_backend())
        code, out, err = run_weir("status", "--admin", "%s:%d" % weir.admin_address)
        self.assertEqual((code, err), (0, ""))
        for word in ("weir ", "policy.yaml", "model", "everyone", "in flight"):
            self.assertIn(word, out)

    def test_without_one_it_ends_with_1(self):
        code, out, err = run_weir("status", "--admin", f"127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("127.0.0.1", out + err)

    def test_an_address_that_is_none_is_an_error(self):
        self.assertNotEqual(run_weir("status", "--admin", "nonsense")[0], 0)


if __name__ == "__main__":
    unittest.main()

"""`weir check` finds what `weir serve` would fail on, and `weir reload` reports the outcome."""

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.certificates import Authority
from support.policy import small_policy, to_yaml
from support.process import BINARY, ROOT, Weir, WeirTest, run_weir
from support.waiting import scaled


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="weir-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def check(self, policy, *flags, stdin=None):
        text = policy if isinstance(policy, str) else to_yaml(policy)
        file = self.folder / "policy.yaml"
        file.write_text(text)
        return run_weir("check", *flags, file)


class Files(CheckTest):
    def policy(self, **tls):
        policy = small_policy("http://127.0.0.1:1")
        if tls:
            policy["listeners"][0]["tls"] = tls
        return policy

    def assert_refused(self, policy, *words):
        code, out, _ = self.check(policy)
        self.assertEqual(code, 1, out)
        for word in words:
            self.assertIn(word, out)

    def test_a_missing_certificate_is_reported_with_its_place(self):
        policy = self.policy(cert_file="nope.crt", key_file="nope.key")
        self.assert_refused(policy, "nope.crt", "does not exist", "policy.yaml:", "[unusable-file]")
        code, out, _ = self.check(policy, "--without-files")
        self.assertEqual(code, 0, out)

    def test_a_key_of_another_certificate_is_reported(self):
        authority = Authority(self.folder)
        certificate, _ = authority.issue("one", "DNS:one.test")
        _, key = authority.issue("two", "DNS:two.test")
        self.assert_refused(self.policy(cert_file=str(certificate), key_file=str(key)), "does not belong")

    def test_an_encrypted_key_is_reported_without_asking_for_its_passphrase(self):
        authority = Authority(self.folder)
        certificate, key = authority.issue("one", "DNS:one.test")
        locked = self.folder / "locked.key"
        subprocess.run(["openssl", "pkey", "-aes256", "-passout", "pass:secret", "-in", str(key), "-out", str(locked)],
                       check=True, capture_output=True)
        self.assert_refused(self.policy(cert_file=str(certificate), key_file=str(locked)), "is encrypted", "passphrase")

    def test_files_that_are_not_plain_are_reported_and_not_waited_for(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        authority = Authority(self.folder)
        certificate, key = authority.issue("one", "DNS:one.test")
        self.assert_refused(self.policy(cert_file=str(pipe), key_file=str(key)), "is not a regular file")
        self.assert_refused(self.policy(cert_file=str(certificate), key_file=str(self.folder)), "is a folder")
        self.assert_refused(self.policy(cert_file=str(certificate), key_file=str(key), client_ca_file=str(pipe)),
                            "is not a regular file")
        for file, word in ((pipe, "is not a regular file"), (self.folder, "is a folder")):
            for verb in ("check", "serve"):
                code, out, err = run_weir(verb, file)
                self.assertEqual(code, 1)
                self.assertIn(word, out + err)

    def test_missing_authorities_of_a_backend_are_reported(self):
        policy = small_policy("https://127.0.0.1:1", backend={"tls": {"ca_file": "/nope/ca.pem"}})
        self.assert_refused(policy, "/nope/ca.pem")

    def test_a_missing_folder_of_the_log_or_a_socket_is_reported(self):
        policy = self.policy()
        policy["logging"] = {"access": {"to": "/nope/weir/access.log"}}
        policy["listeners"].append({"name": "local", "bind": "unix:/nope/weir.sock"})
        self.assert_refused(policy, "/nope/weir/access.log", "/nope/weir.sock")
        self.assertFalse(os.path.exists("/nope"))

    def test_checking_a_log_makes_no_file(self):
        policy = self.policy()
        policy["logging"] = {"access": {"to": str(self.folder / "access.log")}}
        self.assertEqual(self.check(policy)[0], 0)
        self.assertFalse((self.folder / "access.log").exists())


class Words(CheckTest):
    def test_a_policy_without_a_final_line_ending_is_a_warning(self):
        text = to_yaml(small_policy("http://127.0.0.1:1")).rstrip("\n")
        code, out, _ = self.check(text)
        self.assertEqual(code, 0, out)
        self.assertIn("[no-last-newline]", out)
        code, out, _ = self.check(text, "--strict")
        self.assertEqual(code, 1, out)
        self.assertNotIn(": ok", out)
        self.assertEqual(self.check(text + "\n", "--strict", "--without-files")[0], 0)

    def test_the_standard_input_is_checked(self):
        def check_input(text):
            return subprocess.run([BINARY, "check", "-"], input=text, capture_output=True, text=True, timeout=scaled(20))

        good = check_input(to_yaml(small_policy("http://127.0.0.1:1")))
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        self.assertIn("<stdin>: ok", good.stdout)
        bad = check_input("version: 1\nwrokers: 2\n")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("<stdin>:2:", bad.stdout)
        self.assertEqual(check_input("#" * (1024 * 1024 + 1)).returncode, 1)

    def test_output_that_cannot_be_written_is_an_error(self):
        for arguments in (["check", str(ROOT / "config/minimal.yaml")], ["schema"], ["version"], ["--help"], ["--version"]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                done = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=scaled(20))
                self.assertEqual(done.returncode, 1)
                self.assertIn("cannot write", done.stderr)

    def test_version_and_help_are_understood_in_every_usual_form(self):
        self.assertEqual(run_weir("--version"), run_weir("version"))
        code, out, _ = run_weir("help")
        self.assertEqual(code, 0)
        self.assertIn("serve", out)
        code, out, _ = run_weir("help", "check")
        self.assertEqual(code, 0)
        self.assertIn("--strict", out)
        self.assertEqual(run_weir("help", "sevre")[0], 2)


class Reload(WeirTest):
    def reload(self, weir, *more):
        return run_weir("reload", weir.policy_file, "--pid", weir.pid, "--admin", "127.0.0.1:%d" % weir.admin_address[1], *more)

    def test_the_verb_waits_for_the_outcome(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url))
        code, out, err = self.reload(weir)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("reloaded", out)
        self.assertEqual(weir.count("weir_config_reloads_total", result="success"), 1)

    def test_a_reload_that_only_the_running_process_refuses_ends_with_1_and_names_the_listener(self):
        backend = self.start_backend()
        policy = small_policy(backend.url)
        weir = self.start_weir(policy)
        policy["listeners"][0]["bind"] = "127.0.0.2:0"
        weir.write_policy(policy)
        code, out, err = self.reload(weir)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("'public' cannot be moved", err)
        self.assertTrue(weir.is_running())

    def test_a_policy_with_errors_ends_with_1_and_the_log_is_still_reopened(self):
        backend = self.start_backend()
        policy = small_policy(backend.url)
        weir = Weir(policy)
        self.addCleanup(weir.stop)
        log = weir.folder / "access.log"
        policy["logging"] = {"access": {"to": str(log)}}
        weir.write_policy(policy)
        weir.start()
        self.assertEqual(weir.request().status, 200)
        self.eventually(log.exists)
        log.rename(weir.folder / "access.log.1")
        weir.write_policy("version: 1\nclasses: nonsense\n")
        code, _, err = self.reload(weir)
        self.assertEqual(code, 1)
        self.assertIn("nonsense", err)
        self.eventually(log.exists, "the log was not reopened")
        self.assertEqual(weir.request().status, 200)
        self.eventually(lambda: '"status":200' in log.read_text())

    def test_a_process_that_is_not_there_is_an_error(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url))
        weir.signal(signal.SIGTERM)
        self.assertEqual(weir.wait(), 0)
        code, _, err = self.reload(weir)
        self.assertEqual(code, 1)
        self.assertIn("cannot signal", err)


if __name__ == "__main__":
    unittest.main()

"""What the proxies of bench/throughput are told, and what happens where one cannot be had."""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from weirbench import certificates, contestants, portkey, settings
from weirbench.processes import Process


class Settings(unittest.TestCase):
    def setUp(self):
        self.tls = certificates.Tls(Path("a.crt"), Path("a.key"), Path("both.pem"), Path("openssl.cnf"))

    def all_of(self, tls):
        return [settings.weir_policy(1, 2, 3, tls), settings.haproxy_config(1, 3, False, tls),
                settings.nginx_config(1, 3, "folder", True, tls)]

    def test_with_tls_all_are_given_the_certificate(self):
        weir, haproxy, nginx = self.all_of(self.tls)
        self.assertIn("tls: { cert_file: a.crt, key_file: a.key }", weir)
        self.assertIn("bind 127.0.0.1:1 ssl crt both.pem", haproxy)
        self.assertRegex(nginx, r"listen 127\.0\.0\.1:1 ssl .*\n\s*ssl_certificate a\.crt; ssl_certificate_key a\.key;")

    def test_without_tls_none_speaks_it(self):
        for text in self.all_of(None):
            self.assertNotRegex(text, r"tls:|\bssl")


class Portkey(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.enterContext(mock.patch.dict(os.environ, {"PATH": str(self.bin)}))
        self.enterContext(mock.patch.object(portkey.install, "__defaults__", (self.folder / "installed",)))

    def program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def available(self, names, required=False):
        """Who takes part, and what was said of the others."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            return contestants.available(names, required), said.getvalue()

    def test_without_npm_it_is_left_out_with_a_word(self):
        self.assertEqual(self.available(["Weir", "Portkey"]),
                         (["Weir"], "Portkey is left out: npm or node is not installed\n"))

    def test_an_install_that_fails_leaves_it_out_and_says_why(self):
        self.program("node", "exit 0")
        self.program("npm", "echo 'npm ERR! network is unreachable' >&2; exit 1")
        self.assertEqual(self.available(["Portkey", "nginx"]),
                         (["nginx"], "Portkey is left out: npm could not install it: npm ERR! network is unreachable\n"))

    def test_where_it_was_asked_for_by_name_that_is_a_failure(self):
        with self.assertRaisesRegex(portkey.Unavailable, "not installed"):
            self.available(["Portkey"], required=True)

    def test_it_is_not_installed_where_it_takes_no_part(self):
        self.program("node", "exit 0")
        self.program("npm", "touch asked; exit 1")
        self.assertEqual(self.available(["Weir", "nginx"]), (["Weir", "nginx"], ""))
        self.assertFalse((self.folder / "installed").exists())

    def test_it_is_installed_once_without_running_scripts_of_packages(self):
        self.program("node", "exit 0")
        self.program("npm", 'echo "$@" >> asked')
        for _ in range(2):
            self.assertEqual(self.available(["Portkey"]), (["Portkey"], ""))
        asked = (self.folder / "installed/asked").read_text().splitlines()
        self.assertEqual(len(asked), 1)
        self.assertIn("ci --ignore-scripts", asked[0])

    def test_the_version_of_the_report_is_the_one_that_is_installed(self):
        lock = (portkey.MANIFEST / "package-lock.json").read_text()
        self.assertRegex(lock, rf'"node_modules/@portkey-ai/gateway": {{\s*"version": "{portkey.version()}"')


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class Loopback(unittest.TestCase):
    def test_a_server_that_names_only_a_port_listens_on_the_loopback(self):
        script = "require('node:http').createServer().listen(0, function () { console.log(this.address().address); this.close(); })"
        done = subprocess.run(["node", "--require", portkey.MANIFEST / "loopback.cjs", "-e", script], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.stdout.strip(), "127.0.0.1", done.stderr)


class Environment(unittest.TestCase):
    def test_a_process_has_the_variables_that_it_is_given_beside_ours(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        process = Process("env", ["/bin/sh", "-c", "env; exec sleep 60"], folder, environment={"OPENSSL_CONF": "here"})
        self.addCleanup(process.stop)
        self.assertEqual(process.wait_for_line("OPENSSL_CONF="), "OPENSSL_CONF=here")
        self.assertTrue(process.wait_for_line("PATH="))


if __name__ == "__main__":
    unittest.main()

"""Two independent programs: nginx as the backend, curl as the client."""

import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.policy import small_policy
from support.process import Weir, free_port
from support.waiting import eventually, scaled
from support.wire import Client

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  types {{ text/plain txt; text/html html; }}
  client_max_body_size 100m;
  server {{
    listen 127.0.0.1:{port};
    root files;
    location /gzip/ {{ alias files/; gzip on; gzip_proxied any; gzip_types text/plain; gzip_min_length 10; }}
    location /once/ {{ alias files/; keepalive_timeout 0; }}
    location /chunked/ {{ alias files/; ssi on; ssi_types text/plain; }}
    location /status/ {{ return 418 "teapot\\n"; }}
    location /empty/ {{ return 204; }}
    location /moved {{ return 301 /elsewhere; }}
    location /upload {{ proxy_pass http://127.0.0.1:{port}/accept; }}
    location /accept {{ return 200 "$request_method $content_length $http_transfer_encoding\\n"; }}
  }}
}}
"""


class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-nginx-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.folder.chmod(0o755)
        (cls.folder / "files").mkdir()
        cls.content = os.urandom(3_000_000)
        cls.text = b"".join(b"line %d of a text\n" % i for i in range(5000))
        (cls.folder / "files/large.bin").write_bytes(cls.content)
        (cls.folder / "files/text.txt").write_bytes(cls.text)
        cls.port = free_port()
        (cls.folder / "nginx.conf").write_text(CONFIGURATION.format(port=cls.port))
        cls.nginx = subprocess.Popen([NGINX, "-p", str(cls.folder), "-c", "nginx.conf", "-e", "error.log"],
                                     stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.nginx.wait)
        cls.addClassCleanup(cls.nginx.terminate)
        assert eventually(cls.answers), (cls.folder / "error.log").read_text()
        cls.weir = Weir(small_policy(("127.0.0.1", cls.port), limits={"drain_timeout": "500ms"},
                                     listener_limits={"body_bytes": "50MiB"})).start()
        cls.addClassCleanup(cls.weir.stop)

    @classmethod
    def answers(cls):
        try:
            with Client(("127.0.0.1", cls.port)):
                return True
        except OSError:
            return False

    def curl(self, path, *arguments):
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", str(scaled(20)), "--noproxy", "*", *arguments,
             f"http://127.0.0.1:{self.weir.address[1]}{path}"], capture_output=True, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_file_arrives_whole(self):
        for version in ("--http1.1", "--http1.0"):
            self.assertEqual(hashlib.sha256(self.curl("/large.bin", version)).digest(), hashlib.sha256(self.content).digest())

    def test_ranges_pass(self):
        self.assertEqual(self.curl("/large.bin", "--range", "1000-1999"), self.content[1000:2000])
        self.assertEqual(self.curl("/large.bin", "--range", "-500"), self.content[-500:])
        parts = self.curl("/large.bin", "--range", "0-9,100-109")
        self.assertIn(self.content[100:110], parts)
        answer = self.weir.request("GET", "/large.bin", [("Range", "bytes=0-9")])
        self.assertEqual((answer.status, answer.get("content-range")), (206, f"bytes 0-9/{len(self.content)}"))
        self.assertEqual(self.weir.request("GET", "/large.bin", [("Range", "bytes=9999999-")]).status, 416)

    def test_conditional_requests_are_304_and_the_connection_goes_on(self):
        with self.weir.connect() as client:
            etag = client.request("GET", "/text.txt").get("etag")
            for _ in range(3):
                answer = client.request("GET", "/text.txt", [("If-None-Match", etag)])
                self.assertEqual((answer.status, answer.body, answer.get("etag")), (304, b"", etag))
            self.assertEqual(client.request("GET", "/text.txt").body, self.text)

    def test_head_has_the_length_and_no_body(self):
        head = self.curl("/text.txt", "--head").decode().lower()
        self.assertIn(f"content-length: {len(self.text)}", head)
        with self.weir.connect() as client:
            for _ in range(3):
                self.assertEqual(client.request("HEAD", "/text.txt").get("content-length"), str(len(self.text)))

    def test_compressed_and_chunked_answers_pass_as_they_are(self):
        answer = self.weir.request("GET", "/gzip/text.txt", [("Accept-Encoding", "gzip")])
        self.assertEqual((answer.get("content-encoding"), answer.get("transfer-encoding")), ("gzip", "chunked"))
        self.assertEqual(gzip.decompress(answer.body), self.text)
        self.assertEqual(self.curl("/gzip/text.txt", "--compressed"), self.text)
        self.assertEqual(self.weir.request("GET", "/chunked/text.txt").get("transfer-encoding"), "chunked")
        self.assertEqual(self.curl("/chunked/text.txt"), self.text)
        self.assertEqual(self.curl("/chunked/text.txt", "--http1.0"), self.text)

    def test_other_statuses_pass(self):
        self.assertEqual(self.curl("/status/"), b"teapot\n")
        for path, status in (("/status/", 418), ("/empty/", 204), ("/moved", 301), ("/nothing", 404)):
            self.assertEqual(self.curl(path, "--output", "/dev/null", "--write-out", "%{http_code}"), b"%d" % status)

    def test_connections_are_kept_on_both_sides(self):
        timing = self.curl("/text.txt", "--next", "--silent", f"http://127.0.0.1:{self.weir.address[1]}/text.txt",
                           "--write-out", "%{num_connects}")
        self.assertTrue(timing.endswith(b"0"), timing[-20:])
        before = self.weir.count("weir_backend_connects_total", outcome="success")
        for _ in range(20):
            self.weir.request("GET", "/text.txt")
        self.assertLessEqual(self.weir.count("weir_backend_connects_total", outcome="success") - before, 1)
        for _ in range(5):
            self.assertEqual(self.curl("/once/text.txt"), self.text)

    def test_uploads_arrive_whole(self):
        (self.folder / "up").write_bytes(self.content)
        self.assertEqual(self.curl("/upload", "-T", "up"), b"PUT %d \n" % len(self.content))
        self.assertEqual(self.curl("/upload", "-T", "up", "-H", "Transfer-Encoding: chunked").split()[0], b"PUT")
        self.assertEqual(self.curl("/upload", "--data-binary", "@up", "-H", "Expect: 100-continue"), b"POST %d \n" % len(self.content))
        self.assertEqual(self.curl("/upload", "--data-binary", "@up", "-H", "Expect:"), b"POST %d \n" % len(self.content))
        self.assertEqual(self.curl("/upload", "--data-binary", "small", "--http1.0"), b"POST 5 \n")
        self.assertEqual(self.curl("/upload", "-T", "up", "--http1.0"), b"PUT %d \n" % len(self.content))

    def test_curl_waits_for_the_100_and_gets_it(self):
        (self.folder / "up").write_bytes(self.content)
        done = subprocess.run(["curl", "-sv", "--noproxy", "*", "--expect100-timeout", "10", "-H", "Expect: 100-continue",
                               "--data-binary", "@up", "--max-time", str(scaled(8)),
                               f"http://127.0.0.1:{self.weir.address[1]}/upload"], capture_output=True, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"< HTTP/1.1 100 Continue", done.stderr)


if __name__ == "__main__":
    unittest.main()

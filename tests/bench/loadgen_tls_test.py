"""bench_loadgen as a TLS client: what it asks for, whom it trusts, and that each handshake is a full one."""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from weirbench import certificates

LOADGEN = os.environ.get("BENCH_LOADGEN", "")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n%s\r\nok"


class TlsServer:
    """Answers requests over TLS, and remembers of each connection what was negotiated."""

    def __init__(self, tls, close):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(tls.certificate, tls.key)
        self.context.num_tickets = 2
        self.close, self.seen = close, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                self.seen.append((connection.version(), connection.cipher()[0], connection.session_reused))
                while connection.recv(65536):
                    connection.sendall(ANSWER % (b"connection: close\r\n" if self.close else b""))
                    if self.close:
                        return
        except OSError:
            pass  # the client's doing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@unittest.skipUnless(LOADGEN, "BENCH_LOADGEN names the program")
class LoadgenOverTls(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tls = certificates.make(self.folder)

    def run_loadgen(self, server, trusted):
        return subprocess.run([LOADGEN, "--mode", "get", "--target", server.address, "--connections", "4", "--seconds", "0.3",
                               "--settle", "1", "--warmup", "0", "--tls-trust", str(trusted)], capture_output=True, text=True, timeout=60)

    def load(self, close):
        with TlsServer(self.tls, close) as server:
            done = self.run_loadgen(server, self.tls.certificate)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1]), server.seen

    def test_a_kept_connection_has_one_handshake_for_all_its_requests(self):
        result, seen = self.load(close=False)
        self.assertGreater(result["requests"], 20)
        self.assertEqual(result["errors"], 0)
        self.assertEqual(result["tls"]["handshakes"], 4)
        self.assertEqual([version for version, _, _ in seen], ["TLSv1.3"] * 4)

    def test_a_connection_for_each_request_takes_a_full_handshake_for_each(self):
        result, seen = self.load(close=True)
        tls = result["tls"]
        self.assertEqual(result["errors"], 0)
        self.assertGreaterEqual(tls["handshakes"], result["requests"])
        # Those of the end may not have received theirs.
        self.assertGreater(tls["tickets"], 1.5 * (tls["handshakes"] - 8))
        self.assertEqual(set(seen), {("TLSv1.3", "TLS_AES_128_GCM_SHA256", False)})

    def test_all_proxies_are_asked_for_the_same_kind_of_connection(self):
        result, _ = self.load(close=False)
        self.assertEqual((result["tls"]["version"], result["tls"]["cipher"], result["tls"]["group"].lower()),
                         ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "x25519"))

    def test_a_certificate_that_is_not_trusted_is_an_error(self):
        other = self.folder / "other"
        other.mkdir()
        with TlsServer(self.tls, close=False) as server:
            done = self.run_loadgen(server, certificates.make(other).certificate)
        result = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((result["settled"], result["requests"]), (False, 0))
        self.assertGreater(result["errors"], 0)
        self.assertEqual(result["first_error"], "TLS handshake failed: certificate verify failed")

    def test_a_file_without_certificates_cannot_be_used(self):
        with TlsServer(self.tls, close=False) as server:
            done = self.run_loadgen(server, self.folder / "none.pem")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot use the certificates in", done.stderr)


if __name__ == "__main__":
    unittest.main()

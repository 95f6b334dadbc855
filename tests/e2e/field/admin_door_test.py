"""The admin listener: open to probes whatever connections precede them, and closed to pages in a browser."""

import socket
import unittest

from support.policy import small_policy
from support.process import WeirTest
from support.wire import Client, format_request


class AdminListener(WeirTest):
    def start(self, **admin):
        policy = small_policy(self.start_backend().url)
        policy["admin"].update(admin)
        return self.start_weir(policy)

    def ask(self, weir, host, path="/status"):
        with Client(weir.admin_address) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return client.response()

    def test_silent_connections_do_not_lock_out_a_probe(self):
        weir = self.start()
        silent = [socket.create_connection(weir.admin_address) for _ in range(200)]
        for connection in silent:
            self.addCleanup(connection.close)
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(weir.admin(path).status, 200)
        # The oldest was closed, the youngest may still ask.
        silent[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        silent[-1].settimeout(5)
        self.assertTrue(silent[-1].recv(100).startswith(b"HTTP/1.1 200"))

    def test_half_a_head_counts_as_silence(self):
        weir = self.start()
        for _ in range(100):
            connection = socket.create_connection(weir.admin_address)
            self.addCleanup(connection.close)
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        self.assertEqual(weir.admin("/healthz").status, 200)

    def test_a_foreign_host_name_is_answered_421(self):
        weir = self.start()
        for host in ("evil.example", "evil.example:9901", "localhost.evil.example", "127.0.0.1.evil.example", "local host"):
            with self.subTest(host=host):
                self.assertIn(self.ask(weir, host).status, (400, 421))
        self.assertEqual(self.ask(weir, "evil.example", "/config").status, 421)
        self.assertEqual(self.ask(weir, "evil.example", "/healthz").status, 421)

    def test_addresses_localhost_and_names_of_the_policy_are_answered(self):
        weir = self.start(names=["Weir.Internal"])
        port = weir.admin_address[1]
        for host in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"LOCALHOST:{port}", "[::1]", f"[::1]:{port}", "10.1.2.3",
                     "weir.internal", f"WEIR.internal:{port}"):
            with self.subTest(host=host):
                self.assertEqual(self.ask(weir, host).status, 200)

    def test_a_connection_serves_one_request_after_the_other(self):
        weir = self.start()
        with Client(weir.admin_address) as client:
            for path, status in (("/healthz", 200), ("/nothing", 404), ("/metrics", 200), ("/status", 200)):
                self.assertEqual(client.request("GET", path, [("Host", "localhost")]).status, status)
            self.assertEqual(client.request("HEAD", "/status", [("Host", "localhost")]).body, b"")
            # Two at once, the second behind an unwanted body.
            client.send(format_request("POST", "/status", [("Host", "localhost")], b"x" * 1000))
            client.send(format_request("GET", "/healthz", [("Host", "localhost"), ("Connection", "close")]))
            self.assertEqual(client.response().status, 405)
            self.assertEqual(client.response().body, b"alive\n")
            self.assertTrue(client.is_closed())

    def test_a_connection_that_has_asked_before_stays_while_silent_ones_come(self):
        weir = self.start()
        crowd = []
        with Client(weir.admin_address) as client:
            for _ in range(3):
                self.assertEqual(client.request("GET", "/healthz", [("Host", "localhost")]).status, 200)
                crowd += [socket.create_connection(weir.admin_address) for _ in range(60)]
                self.assertEqual(weir.admin("/healthz").status, 200)
            for connection in crowd:
                connection.close()

    def test_an_oversized_request_is_refused_as_the_last_on_its_connection(self):
        weir = self.start()
        for status, request in ((413, b"POST /status HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200000),
                                (413, b"POST /status HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" + b"x" * 200000),
                                (431, b"GET /status HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000),
                                (400, b"GET /status HTTP/1.1\r\n\r\n"),
                                (400, b"GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")):
            with self.subTest(status=status, request=request[:60]), Client(weir.admin_address) as client:
                client.try_send(request)
                self.assertEqual(client.response().status, status)


if __name__ == "__main__":
    unittest.main()

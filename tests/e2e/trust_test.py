"""How a caller is identified: by certificate, by a balancer's header, by nothing that any client can forge."""

import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest

from support.backend import hold
from support.certificates import Authority, client_context
from support.policy import sha256, small_policy
from support.process import BINARY, Weir, WeirTest
from support.waiting import pause, scaled
from support.wire import Closed, format_request

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def line(source, version="TCP4"):
    return f"PROXY {version} {source} 127.0.0.1 12345 443\r\n".encode()


def binary(source, command=0x21):
    addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 12345, 443)
    return SIGNATURE + bytes([command, 0x11]) + struct.pack(">H", len(addresses)) + addresses


class Balancers(WeirTest):
    """The PROXY protocol."""

    def start(self, trusted, **listener):
        self.backend = self.start_backend()
        policy = small_policy(self.backend.url, classes=[
            {"name": "office", "match": {"source": ["10.9.0.0/16"]}, "backend": "model"},
            {"name": "rest", "match": "any", "backend": "model", "limits": {"concurrency": 100}}])
        policy["listeners"][0].update({"proxy_protocol": {"from": trusted}, "limits": {"header_timeout": "500ms"}, **listener})
        return self.start_weir(policy)

    def source_of(self, weir, header, **options):
        with weir.connect(**options) as client:
            client.send(header + format_request())
            self.assertEqual(client.response().status, 200)
        return self.backend.requests.pop().get("x-forwarded-for")

    def test_a_balancer_is_believed_about_its_client(self):
        weir = self.start(["127.0.0.0/8"])
        for header, source in ((line("10.9.1.1"), "10.9.1.1"), (binary("10.9.1.1"), "10.9.1.1"), (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
                               (binary("10.9.1.1", 0x20), "127.0.0.1"), (line("2001:db8::1", "TCP6").replace(b" 127.0.0.1 ", b" ::1 "), "2001:db8::1")):
            with self.subTest(header=header):
                self.assertEqual(self.source_of(weir, header), source)
        classes = [entry["class"] for entry in self.eventually(lambda: len(weir.access_log()) == 5 and weir.access_log())]
        # Each worker writes its own log lines: those of several come in any order.
        self.assertEqual(sorted(classes), ["office", "office", "rest", "rest", "rest"])

    def test_the_header_may_come_in_pieces(self):
        weir = self.start(["127.0.0.0/8"])
        for header in (line("10.9.1.1"), binary("10.9.1.1")):
            with weir.connect() as client:
                for byte in header:
                    client.send(bytes([byte]))
                    pause(0.001)  # so that each byte is a read of its own
                self.assertEqual(client.request().status, 200)
            self.assertEqual(self.backend.requests.pop().get("x-forwarded-for"), "10.9.1.1")

    def test_a_balancer_must_send_the_header(self):
        weir = self.start(["127.0.0.0/8"])
        for data in (format_request(), b"PROXY TCP4 10.9.1.1\r\n" + format_request(), line("10.9.1.1").replace(b"TCP4", b"TCP5") + format_request(),
                     b"", b"PROXY TCP4 10.9", SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12) + format_request()):
            with self.subTest(data=data[:40]):
                with weir.connect() as client:
                    client.try_send(data)
                    self.assertTrue(client.is_closed(within=3))
        self.assertEqual(self.backend.requests, [])
        self.assert_soon_equal(lambda: weir.count("weir_connections_refused_total", listener="public", reason="no_proxy_header"), 6)

    def test_no_other_peer_may_send_the_header(self):
        weir = self.start(["10.0.0.0/8"])
        with weir.connect() as client:
            client.try_send(line("10.9.1.1") + format_request())
            self.assertEqual(client.response().status, 400)
        self.assertEqual(self.source_of(weir, b""), "127.0.0.1")

    def test_the_header_comes_before_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)
            certificate, key = authority.issue("weir.test")
            weir = self.start(["127.0.0.0/8"], tls={"cert_file": str(certificate), "key_file": str(key)})
            plain = socket.create_connection(weir.address)
            plain.sendall(binary("10.9.1.1"))
            with client_context(authority).wrap_socket(plain, server_hostname="weir.test") as secured:
                secured.sendall(format_request())
                self.assertIn(b" 200 ", secured.recv(4096))
        self.assertEqual(self.backend.requests.pop().get("x-forwarded-for"), "10.9.1.1")


class Certificates(WeirTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-certificates-")
        cls.addClassCleanup(folder.cleanup)
        cls.authority, cls.stranger = Authority(folder.name), Authority(folder.name, "stranger")
        cls.certificate, cls.key = cls.authority.issue("weir.test")
        cls.robot, cls.other = cls.authority.issue("robot"), cls.authority.issue("other")
        cls.forged = cls.stranger.issue("forged")

    def setUp(self):
        self.backend = self.start_backend()
        policy = small_policy(self.backend.url, clients={
            "certificates": [{"name": "fleet", "plan": "machines", "subject": "CN=robot"}],
            "api_keys": [{"name": "person", "sha256": sha256("person-key")}],
        }, classes=[
            {"name": "robots", "match": {"certificate": "fleet"}, "backend": "model", "priority": "high"},
            {"name": "people", "match": {"api_key": "person"}, "backend": "model"},
            {"name": "rest", "match": "any", "backend": "model"}])
        policy["listeners"][0]["tls"] = {"cert_file": str(self.certificate), "key_file": str(self.key),
                                         "client_ca_file": str(self.authority.certificate)}
        self.weir = self.start_weir(policy)

    def connect(self, pair=None, version=None):
        context = client_context(self.authority, minimum=version, maximum=version)
        if pair:
            context.load_cert_chain(*pair)
        return self.weir.connect(tls=context, server_name="weir.test")

    def class_of(self, pair, fields=(), version=None):
        before = len(self.weir.access_log())
        with self.connect(pair, version) as client:
            self.assertEqual(client.request(fields=fields).status, 200)
        return self.eventually(lambda: self.weir.access_log()[before:])[0]["class"]

    def test_the_subject_of_a_client_certificate_identifies_the_client(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.class_of(self.robot, version=version), "robots")
            self.assertEqual(self.class_of(self.other, version=version), "rest")
        self.assertEqual(self.class_of(self.other, [("Authorization", "Bearer person-key")]), "people")
        self.assertEqual(self.weir.access_log()[0]["client"], "fleet")

    def test_a_client_without_a_certificate_or_with_a_foreign_one_is_not_served(self):
        for pair in (None, self.forged):
            with self.subTest(pair=pair):
                with self.assertRaises((OSError, Closed)):
                    with self.connect(pair) as client:
                        client.request()
        self.assertEqual(self.backend.requests, [])

    def test_a_resumed_session_keeps_its_certificate(self):
        context = client_context(self.authority, maximum=ssl.TLSVersion.TLSv1_2)
        context.load_cert_chain(*self.robot)
        session = None
        for resumed in (False, True):
            before = len(self.weir.access_log())
            with socket.create_connection(self.weir.address) as plain:
                with context.wrap_socket(plain, server_hostname="weir.test", session=session) as secured:
                    self.assertEqual(secured.session_reused, resumed)
                    secured.sendall(format_request())
                    self.assertIn(b" 200 ", secured.recv(4096))
                    session = secured.session
            self.assertEqual(self.eventually(lambda: self.weir.access_log()[before:])[0]["class"], "robots")


class Bounds(WeirTest):
    def test_a_client_over_its_connection_limit_is_refused_and_others_are_not_delayed(self):
        backend = self.start_backend()
        policy = small_policy(backend.url, workers=2)
        policy["listeners"][0].update({"proxy_protocol": {"from": ["127.0.0.0/8"]}, "limits": {"connections_per_client": 3}})
        weir = self.start_weir(policy)
        held = []
        for _ in range(3):
            held.append(self.client(weir))
            held[-1].send(line("192.0.2.1"))
            self.assertEqual(held[-1].request().status, 200)
        with weir.connect() as fourth:
            fourth.send(line("192.0.2.1") + format_request())
            answer = fourth.response()
            self.assertEqual((answer.status, answer.get("x-weir-decision"), answer.get("connection")), (503, "connection_limit", "close"))
        with weir.connect() as other:
            other.send(line("192.0.2.2"))
            self.assertEqual(other.request().status, 200)
        refused = lambda **reason: weir.count("weir_connections_refused_total", listener="public", **reason)
        self.assert_soon_equal(lambda: refused(reason="client_limit"), 1)
        self.assertEqual(refused(), 1)
        held[0].close()

        def again():
            with weir.connect() as client:
                client.send(line("192.0.2.1"))
                return client.request().status == 200
        self.eventually(again)

    def test_the_limit_of_all_connections_is_distinguished_from_that_of_one_client(self):
        for limits, reason in (({"limits": {"connections": 3}}, "global_limit"), ({"listener_limits": {"connections": 3}}, "listener_limit")):
            with self.subTest(reason=reason):
                done = threading.Event()
                self.addCleanup(done.set)
                backend = self.start_backend(hold(done))
                weir = self.start_weir(small_policy(backend.url, workers=1, **limits))
                for _ in range(3):
                    self.client(weir).send(format_request())
                backend.wait_for(3)
                with weir.connect() as fourth:
                    answer = fourth.response()
                    self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "connection_limit"))
                self.assertEqual(weir.count("weir_connections_refused_total", listener="public", reason=reason), 1)
                self.assertEqual(weir.count("weir_connections_refused_total"), 1)

    def test_the_default_connection_limit_is_fitted_to_the_descriptors(self):
        backend = self.start_backend(backlog=1024)
        weir = self.start_weir(small_policy(backend.url, workers=1, capacity=16), descriptors=300)
        fitted = 300 - 64 - 16
        self.eventually(lambda: f"limits.connections is not set: {fitted} instead of its default 16000" in weir.stderr())
        held = [self.client(weir) for _ in range(fitted)]
        for client in held:
            self.assertEqual(client.request().status, 200)
        with weir.connect() as one_more:
            self.assertEqual(one_more.request().status, 200)
        self.assertTrue(held.pop(0).is_closed())
        self.assertEqual(weir.count("weir_accept_pauses_total"), 0)
        # With that many connections, each may ask: the descriptors suffice.
        self.assertEqual(held[-1].request().status, 200)

    def test_too_few_descriptors_for_any_connections_are_refused_at_the_start(self):
        weir = Weir(small_policy("http://127.0.0.1:1"))
        done = subprocess.run(["prlimit", "--nofile=120:120", BINARY, "serve", str(weir.policy_file)], capture_output=True, text=True,
                              timeout=scaled(10))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("error: the process may open 120 file descriptors, which leaves 40 to clients", done.stderr)
        self.assertIn("LimitNOFILE", done.stderr)

    def test_a_reload_to_more_connections_than_descriptors_keeps_the_old_policy(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url), descriptors=1000)
        weir.reload(small_policy(backend.url, limits={"connections": 5000}), expect=False)
        self.assertIn("this needs up to 5080 file descriptors, and the process may open 1000", weir.stderr())
        self.assertEqual(weir.request().status, 200)

    def test_more_connections_than_descriptors_are_refused_at_the_start(self):
        weir = Weir(small_policy("http://127.0.0.1:1", limits={"connections": 5000}))
        done = subprocess.run(["prlimit", "--nofile=1000:1000", BINARY, "serve", str(weir.policy_file)], capture_output=True, text=True,
                              timeout=scaled(10))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("file descriptors", done.stderr)
        self.assertIn("limits.connections", done.stderr)
        done = subprocess.run(["prlimit", "--nofile=1000:1000", BINARY, "check", str(weir.policy_file)], capture_output=True, text=True,
                              timeout=scaled(10))
        self.assertEqual(done.returncode, 0)
        self.assertIn("[too-few-descriptors]", done.stdout)

    def test_under_memory_pressure_the_least_important_are_refused_first(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url, limits={"buffered_bytes": "1000KiB", "drain_timeout": "500ms"}, classes=[
            {"name": "best", "match": {"path": "/best"}, "backend": "model", "priority": "critical"},
            {"name": "bulk", "match": "any", "backend": "model", "priority": "sheddable"}]))
        # Incomplete bodies; the memory they occupy counts.
        holders = [self.client(weir) for _ in range(7)]
        for client in holders:
            client.send(b"POST /best HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 90 * 1024)
        self.eventually(lambda: weir.count("weir_buffered_bytes") >= 650 * 1024)
        answer = weir.request("POST", "/bulk", [], b"y" * 1000)
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (503, "memory_pressure"))
        self.assertEqual(weir.request("POST", "/best", [], b"y" * 1000).status, 200)
        self.assert_soon_equal(lambda: weir.count("weir_failures_total", **{"class": "bulk", "reason": "memory_pressure"}), 1)
        self.assertEqual(weir.count("weir_failures_total"), 1)


if __name__ == "__main__":
    unittest.main()

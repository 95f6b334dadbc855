"""TLS on both sides: to clients, and to backends."""

import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import warnings

from support.backend import event_stream, respond
from support.certificates import Authority, client_context, server_context
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled
from support.wire import Closed, format_request

V1_1, V1_2, V1_3 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


class WithAuthority(WeirTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-certificates-")
        cls.addClassCleanup(folder.cleanup)
        cls.authority = Authority(folder.name)
        cls.certificate, cls.key = cls.authority.issue("weir.test", "DNS:weir.test", "IP:127.0.0.1")


class ToClients(WithAuthority):
    def setUp(self):
        self.backend = self.start_backend(respond(b"over tls"))
        policy = small_policy(self.backend.url, listener_limits={"header_timeout": "1s"})
        policy["listeners"][0]["tls"] = {"cert_file": str(self.certificate), "key_file": str(self.key)}
        self.weir = self.start_weir(policy)

    def connect(self, **options):
        return self.weir.connect(tls=client_context(self.authority, **options), server_name="weir.test")

    def test_tls_1_2_and_1_3_are_spoken(self):
        for version, name in ((V1_2, "TLSv1.2"), (V1_3, "TLSv1.3")):
            with self.subTest(version=name), self.connect(minimum=version, maximum=version) as client:
                self.assertEqual(client.socket.version(), name)
                for _ in range(3):
                    self.assertEqual(client.request("POST", "/", [], b"x" * 100_000).body, b"over tls")

    def test_tls_1_1_is_refused(self):
        context = client_context(self.authority)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = V1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.weir.connect(tls=context, server_name="weir.test")

    def test_http_1_1_is_agreed_on(self):
        for offered, chosen in ((("http/1.1",), "http/1.1"), (("h2", "http/1.1"), "http/1.1"), ((), None)):
            with self.subTest(offered=offered), self.connect(protocols=offered) as client:
                self.assertEqual(client.socket.selected_alpn_protocol(), chosen)
                self.assertEqual(client.request().status, 200)

    def test_a_client_that_speaks_only_h2_is_not_answered_in_http_1(self):
        try:
            with self.connect(protocols=("h2",)) as client:
                self.assertIsNone(client.socket.selected_alpn_protocol())
        except (ssl.SSLError, OSError):
            pass  # refused in the handshake, as RFC 7301 says

    def test_sessions_are_resumed(self):
        for version in (V1_2, V1_3):
            with self.subTest(version=version):
                context = client_context(self.authority, minimum=version, maximum=version)
                with self.weir.connect(tls=context, server_name="weir.test") as client:
                    client.request()
                    session = client.socket.session
                    self.assertFalse(client.socket.session_reused)
                raw = socket.create_connection(self.weir.address)
                with context.wrap_socket(raw, server_hostname="weir.test", session=session) as again:
                    again.sendall(format_request())
                    self.assertIn(b"200", again.recv(4096))
                    self.assertTrue(again.session_reused)

    def test_the_backend_is_informed_that_the_client_used_tls(self):
        with self.connect() as client:
            client.request("GET", "/", [("X-Forwarded-Proto", "http")])
        self.assertEqual(self.backend.requests[0].all("x-forwarded-proto"), ["https"])

    def test_a_stream_is_passed_on_event_by_event(self):
        self.backend.answer = event_stream(10, every=0.01)
        with self.connect() as client:
            answer = client.request()
            self.assertEqual((answer.body.count(b"data:"), answer.complete), (10, True))

    def test_large_bodies_arrive_whole(self):
        content = bytes(range(256)) * 8192
        self.backend.answer = lambda peer, r: (peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(r.body) + r.body), True)[1]
        with self.connect() as client:
            self.assertEqual(client.request("POST", "/", [], content).body, content)

    def test_a_client_that_leaves_frees_its_slot(self):
        def wait(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"9\r\ndata: 1\n\n\r\n")
            peer.backend.cancelled.append((request, peer.wait_until_closed()))
            return False
        self.backend.answer = wait
        client = self.connect()
        client.send(format_request())
        next(client.chunks(client.head()))
        left = time.monotonic()
        client.close()
        self.eventually(lambda: self.backend.cancelled)
        self.assertLess(self.backend.cancelled[0][1] - left, scaled(0.1))
        self.assert_idle(self.weir)

    def test_a_truncated_answer_is_not_ended_by_a_close_notify(self):
        received = threading.Event()
        self.backend.answer = lambda peer, r: (peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello"), received.wait(5), peer.reset())[2]
        with self.weir.connect() as plain:
            raw = plain.socket
            # By default Python takes a missing close_notify for an end.
            client = client_context(self.authority).wrap_socket(raw, server_hostname="weir.test", suppress_ragged_eofs=False)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            data = b""
            with self.assertRaises(OSError):
                while part := client.recv(4096):
                    data += part
                    if data.endswith(b"hello"):
                        received.set()
            self.assertTrue(data.endswith(b"hello"))
            client.close()

    def test_a_connection_without_tls_is_closed_and_a_handshake_that_stalls_times_out(self):
        with self.weir.connect() as client:
            client.try_send(format_request())
            client.socket.settimeout(scaled(3))
            try:
                data = client.socket.recv(4096)
            except OSError:
                data = b""
            self.assertNotIn(b"HTTP/1.1 200", data)
        with self.weir.connect() as client:
            client.send(b"\x16\x03\x01\x02\x00\x01")
            self.assertTrue(client.is_closed(within=3))
        with self.weir.connect() as client:
            self.assertTrue(client.is_closed(within=3))
        with self.connect() as client:
            self.assertEqual(client.request().status, 200)

    def test_certificates_rotate_under_load_and_a_bad_pair_keeps_the_old(self):
        stop, statuses, faults = threading.Event(), [], []

        def load():
            while not stop.is_set():
                try:
                    with self.connect() as client:
                        statuses.append(client.request().status)
                except Exception as error:  # raised by the test's own thread
                    faults.append(error)
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        # The policy names the same files; their content is reread.
        with tempfile.TemporaryDirectory() as folder:
            other = Authority(folder, "other")
            good = self.certificate.read_bytes(), self.key.read_bytes()
            try:
                for _ in range(5):
                    self.certificate.write_bytes(good[0])
                    self.weir.reload()
                    self.key.write_bytes(other.issue("bad")[1].read_bytes())
                    self.weir.reload(expect=False)
                    self.key.write_bytes(good[1])
                renewed, key = self.authority.issue("renewed", "DNS:weir.test", "IP:127.0.0.1")
                self.certificate.write_bytes(renewed.read_bytes())
                self.key.write_bytes(key.read_bytes())
                self.weir.reload()

                def shown():
                    with self.connect() as client:
                        return dict(pair[0] for pair in client.socket.getpeercert()["subject"])["commonName"]
                # Each worker adopts the new one in its next turn.
                self.eventually(lambda: shown() == "renewed")
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
                self.certificate.write_bytes(good[0])
                self.key.write_bytes(good[1])
        self.assertEqual((faults, set(statuses)), ([], {200}))

    def test_openssl_resumes_with_the_ticket_it_saved(self):
        with tempfile.TemporaryDirectory() as folder:
            for version in ("-tls1_2", "-tls1_3"):
                def connect(*more):
                    return subprocess.run(
                        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.weir.address[1], "-servername", "weir.test",
                         "-CAfile", str(self.authority.certificate), "-ign_eof", version, *more],
                        input=b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", capture_output=True,
                        timeout=scaled(10)).stdout.decode(errors="replace")
                first = connect("-sess_out", f"{folder}/session")
                self.assertIn("over tls", first)
                self.assertIn("Verify return code: 0 (ok)", first)
                self.assertIn("Reused, TLS", connect("-sess_in", f"{folder}/session"))


class ToBackends(WithAuthority):
    def start(self, certificate_name, *subject_names, tls=None, authority=None):
        certificate, key = self.authority.issue(certificate_name, *subject_names)
        backend = self.start_backend(respond(b"secret"), tls=server_context(certificate, key))
        ca = (authority or self.authority).certificate
        settings = {"ca_file": str(ca)} if tls is None else tls
        # One worker, and so one pool of connections.
        return backend, self.start_weir_before(backend, workers=1, backend={"tls": settings, "ejection": {"failures": 0}})

    def assert_unreachable(self, weir, backend):
        answer = weir.request()
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (502, "backend_unreachable"))
        self.assertEqual(backend.requests, [], "a request went to an unverified backend")
        self.assert_idle(weir)

    def test_a_certificate_of_the_given_authority_is_accepted(self):
        backend, weir = self.start("good", "IP:127.0.0.1")
        for _ in range(3):
            answer = weir.request("POST", "/", [], b"x" * 200_000)
            self.assertEqual(answer.body, b"secret")
        self.assertEqual(backend.connections, 1)

    def test_a_certificate_for_another_name_is_refused(self):
        backend, weir = self.start("wrong", "DNS:elsewhere.test")
        self.assert_unreachable(weir, backend)

    def test_a_certificate_of_an_unknown_authority_is_refused(self):
        other = Authority(self.authority.folder, "other-ca")
        backend, weir = self.start("unknown", "IP:127.0.0.1", authority=other)
        self.assert_unreachable(weir, backend)

    def test_without_its_own_authority_the_systems_authorities_count(self):
        backend, weir = self.start("system", "IP:127.0.0.1", tls={"verify": "true"})
        self.assert_unreachable(weir, backend)

    def test_the_name_to_look_for_can_be_given(self):
        backend, weir = self.start("named", "DNS:model.internal", tls={
            "ca_file": str(self.authority.certificate), "server_name": "model.internal"})
        self.assertEqual(weir.request().body, b"secret")

    def test_verification_can_be_switched_off(self):
        backend, weir = self.start("off", "DNS:elsewhere.test", tls={"verify": "false"})
        self.assertEqual(weir.request().body, b"secret")

    def test_a_backend_that_does_not_speak_tls_is_502(self):
        backend = self.start_backend()
        weir = self.start_weir(small_policy(backend.url.replace("http:", "https:"),
                                            backend={"tls": {"verify": "false"}, "ejection": {"failures": 0},
                                                     "timeouts": {"connect": "500ms"}}))
        self.assertIn(weir.request().status, (502, 504))

    def test_health_is_probed_over_tls(self):
        certificate, key = self.authority.issue("probed", "IP:127.0.0.1")
        backend = self.start_backend(tls=server_context(certificate, key))
        weir = self.start_weir_before(backend, backend={
            "tls": {"ca_file": str(self.authority.certificate)}, "health": {"every": "50ms", "timeout": "40ms", "path": "/up"}})
        backend.wait_for(2)
        self.assertEqual({r.target for r in backend.requests}, {"/up"})
        self.assertEqual(weir.status()["backends"][0]["endpoints"][0]["available"], True)

    def test_a_backend_that_cuts_the_connection_without_a_close_notify_did_not_end_its_answer(self):
        """A truncation attack on an answer that ends with its connection."""
        certificate, key = self.authority.issue("cut", "IP:127.0.0.1")

        def cut(peer, request):
            peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
            # Closes the descriptor below TLS: FIN, but no close_notify.
            peer.socket.shutdown(2)
            return False
        backend = self.start_backend(cut, tls=server_context(certificate, key))
        weir = self.start_weir_before(backend, backend={"tls": {"ca_file": str(self.authority.certificate)}})
        with weir.connect() as client:
            client.send(format_request())
            try:
                answer = client.response()
            except Closed:
                return
            self.assertFalse(answer.complete and answer.status == 200)


if __name__ == "__main__":
    unittest.main()

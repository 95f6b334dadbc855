"""Certificates of a listener: several by name, their expiry, whether clients must have one, and the TLS versions."""

import ssl
import tempfile
import time
import unittest

from support.certificates import Authority, client_context
from support.policy import small_policy
from support.process import Weir, WeirTest, run_weir
from support.wire import Client, Closed

# TLS 1.3 rejects a client only after its handshake.
REFUSED = (ssl.SSLError, OSError, Closed)


class CertificateTest(WeirTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weir-e2e-")
        cls.authority = Authority(cls.folder.name)
        cls.pairs = {name: cls.authority.issue(name, *names) for name, names in {
            "api": ("DNS:api.test", "IP:127.0.0.1"), "eu": ("DNS:eu.test", "DNS:*.eu.test"), "robot": ("DNS:robot",)}.items()}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def tls(self, *names, **more):
        return {"certificates": [{"cert_file": str(self.pairs[name][0]), "key_file": str(self.pairs[name][1])} for name in names],
                **more}

    def start(self, tls, **options):
        policy = small_policy(self.start_backend().url, **options)
        policy["listeners"][0]["tls"] = tls
        return self.start_weir(policy)

    def shown_to(self, weir, name, context=None):
        """The subject of the certificate that a client gets when it asks for `name`."""
        context = context or client_context(self.authority)
        context.check_hostname = False
        with Client(weir.address, tls=context, server_name=name) as client:
            subject = dict(entry[0] for entry in client.socket.getpeercert()["subject"])["commonName"]
            self.assertEqual(client.request().status, 200)
            return subject


class Names(CertificateTest):
    def test_each_name_is_shown_its_own_certificate_and_others_the_first(self):
        weir = self.start(self.tls("api", "eu"))
        for name, subject in (("api.test", "api"), ("eu.test", "eu"), ("a.eu.test", "eu"), ("EU.test", "eu"),
                              ("a.b.eu.test", "api"), ("elsewhere.test", "api"), (None, "api")):
            with self.subTest(name=name):
                self.assertEqual(self.shown_to(weir, name), subject)

    def test_clients_are_asked_for_theirs_whatever_name_they_ask_for(self):
        weir = self.start(self.tls("api", "eu", client_ca_file=str(self.authority.certificate)))
        for name in ("api.test", "eu.test"):
            with self.assertRaises(REFUSED):
                self.shown_to(weir, name)
            context = client_context(self.authority)
            context.load_cert_chain(*map(str, self.pairs["robot"]))
            self.assertIn(self.shown_to(weir, name, context), ("api", "eu"))

    def test_a_policy_uses_one_form_or_the_other(self):
        certificate, key = map(str, self.pairs["api"])
        for tls in ({**self.tls("eu"), "cert_file": certificate, "key_file": key}, {"cert_file": certificate}, {},
                    {"certificates": []}, {"certificates": [{"cert_file": certificate}]}):
            with self.subTest(tls=tls):
                policy = small_policy("http://127.0.0.1:1")
                policy["listeners"][0]["tls"] = tls
                code, out, _ = run_weir("check", Weir(policy).policy_file)
                self.assertEqual(code, 1, out)


class ClientCertificates(CertificateTest):
    def start(self, **tls):
        return super().start(self.tls("api", client_ca_file=str(self.authority.certificate), **tls),
                             clients={"certificates": [{"name": "robot", "subject": "CN=robot", **self.more}]},
                             classes=[{"name": "robots", "match": {"certificate": "robot"}, "backend": "model"},
                                      {"name": "rest", "match": "any", "backend": "model"}])

    more = {}

    def class_of(self, weir, context):
        context.check_hostname = False
        with Client(weir.address, tls=context) as client:
            self.assertEqual(client.request().status, 200)
        return self.eventually(lambda: weir.access_log())[-1]["class"]

    def robot(self):
        context = client_context(self.authority)
        context.load_cert_chain(*map(str, self.pairs["robot"]))
        return context

    def test_an_optional_certificate_is_believed_and_may_be_absent(self):
        weir = self.start(client_certificate="optional")
        self.assertEqual(self.class_of(weir, client_context(self.authority)), "rest")
        self.assert_soon_equal(lambda: len(weir.access_log()), 1)
        self.class_of(weir, self.robot())
        self.assert_soon_equal(lambda: [line["class"] for line in weir.access_log()], ["rest", "robots"])

    def test_an_optional_certificate_of_an_unknown_authority_is_refused(self):
        weir = self.start(client_certificate="optional")
        with tempfile.TemporaryDirectory(prefix="weir-e2e-") as folder:
            stranger = client_context(self.authority)
            stranger.load_cert_chain(*map(str, Authority(folder, "stranger").issue("robot", "DNS:robot")))
            with self.assertRaises(REFUSED):
                self.class_of(weir, stranger)

    def test_a_subject_counts_with_its_issuer_where_one_is_named(self):
        for issuer, cls in (("CN=Weir test ca", "robots"), ("CN=another authority", "rest")):
            self.more = {"issuer": issuer}
            weir = self.start()
            self.assertEqual(self.class_of(weir, self.robot()), cls)


class Ends(CertificateTest):
    def test_when_each_certificate_ends_is_a_metric(self):
        weir = self.start(self.tls("api", "eu"))
        for name in ("api", "eu"):
            ends = weir.count("weir_certificate_expiry_seconds", listener="public", file=str(self.pairs[name][0]))
            self.assertTrue(86_400 < ends - time.time() < 3 * 86_400, ends)


class Ciphers(CertificateTest):
    def handshake(self, weir, ciphers):
        context = client_context(self.authority, maximum=ssl.TLSVersion.TLSv1_2)
        context.check_hostname = False
        context.set_ciphers(ciphers)
        with Client(weir.address, tls=context) as client:
            self.assertEqual(client.request().status, 200)
            return client.socket.cipher()[0]

    def test_tls_1_2_uses_only_forward_secrecy_and_authenticated_encryption(self):
        weir = self.start(self.tls("api"))
        self.assertIn("GCM", self.handshake(weir, "ECDHE+AESGCM"))
        self.assertIn("CHACHA20", self.handshake(weir, "ECDHE+CHACHA20"))
        for weak in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256"):
            with self.subTest(cipher=weak), self.assertRaises(REFUSED):
                self.handshake(weir, weak)


if __name__ == "__main__":
    unittest.main()

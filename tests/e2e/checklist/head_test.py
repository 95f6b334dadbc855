"""What a head may contain."""

import threading
import unittest

from raw_requests import SMUGGLED, RawRequestTest
from support.backend import hold, reply
from support.process import WeirTest
from support.wire import Client, chunked


def get(*fields, target="/", host="a"):
    lines = [f"GET {target} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


class RequestHead(RawRequestTest):
    # Host and target

    def test_valid_hosts_are_served(self):
        for host in ("a", "a.example", "a.example:8080", "127.0.0.1", "[::1]", "[::1]:8080", "A-b_c.d"):
            with self.subTest(host=host):
                self.assertEqual(self.forwarded(get(host=host)).get("x-forwarded-host"), host)

    def test_the_backend_is_sent_its_own_name_as_host(self):
        self.assertEqual(self.forwarded(get(host="evil.example")).all("host"),
                         ["%s:%d" % self.backend.address])

    def test_an_absolute_target_overrides_the_host(self):
        request = self.forwarded(get(target="http://real.example/path?q=1", host="other.example"))
        self.assertEqual(request.line, "GET /path?q=1 HTTP/1.1")
        self.assertEqual(request.get("x-forwarded-host"), "real.example")
        self.assertEqual(self.forwarded(get(target="HTTP://real.example")).line, "GET / HTTP/1.1")

    def test_a_path_has_one_form(self):
        self.assertEqual(self.forwarded(get(target="/%61%2d%e4?%61")).target, "/a-%E4?%61")
        self.assert_all_refused([get(target=target) for target in (
            "/a/../b", "/a/./b", "//a", "/a//b", "/%2e%2e/x", "/a%2fb", "/a%5cb", "/a%00", "/a%", "/a%4g")], (400,))

    def test_targets_in_normal_form_pass_unchanged(self):
        for target in ("/", "/a?b=c&d=%20", "/v1/chat/completions", "/a;b=c", "/?", "/~a{b}|c"):
            with self.subTest(target=target):
                self.assertEqual(self.forwarded(get(target=target)).target, target)
        self.assertEqual(self.forwarded(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").line, "OPTIONS * HTTP/1.1")

    def test_one_or_two_empty_lines_before_a_request_are_skipped(self):
        self.assertEqual(self.forwarded(b"\r\n" + get()).line, "GET / HTTP/1.1")
        self.assertEqual(self.forwarded(b"\r\n\r\n" + get()).line, "GET / HTTP/1.1")

    # Size

    def test_a_head_that_is_too_large_is_431(self):
        before = self.weir.resident_bytes()
        self.assert_all_refused([get("X: " + "y" * 128 * 1024), get(*(["X: y"] * 6000)), get(*(["X: y"] * 101))], (431,))
        # A sanitizer's allocator keeps freed memory: the bound is for the cost of one head, not for its bytes.
        self.assertLess(self.weir.resident_bytes() - before, 4 * 1024 * 1024)

    def test_a_target_that_is_too_long_is_414(self):
        self.assert_all_refused([get(target="/" + "a" * 16 * 1024), b"GET /" + b"a" * 128 * 1024], (414,))

    def test_a_head_just_within_the_limits_is_served(self):
        self.assertEqual(self.forwarded(get("X: " + "y" * 31 * 1024)).get("x"), "y" * 31 * 1024)
        self.assertEqual(len(self.forwarded(get(*(["X: y"] * 98))).all("x")), 98)
        self.assertEqual(len(self.forwarded(get(target="/" + "a" * 8000)).target), 8001)

    # What is passed on

    def test_fields_named_by_connection_are_removed_before_ours_are_added(self):
        """CVE-2024-45410: a client must not be able to remove what Weir states about it."""
        request = self.forwarded(get(
            "Connection: close, X-Forwarded-For, X-Forwarded-Proto, X-Request-Id, Via, Host, Content-Length, X-Mine",
            "X-Mine: 1", "X-Other: 2"))
        self.assertEqual(request.get("x-forwarded-for"), "127.0.0.1")
        self.assertEqual(request.get("x-forwarded-proto"), "http")
        self.assertEqual(len(request.all("x-request-id")), 1)
        self.assertEqual(len(request.all("via")), 1)
        self.assertEqual(len(request.all("host")), 1)
        self.assertEqual((request.all("x-mine"), request.all("x-other"), request.all("connection")), ([], ["2"], []))

    def test_connection_cannot_remove_the_framing(self):
        request = self.forwarded(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length, Host, Transfer-Encoding\r\n"
                                 b"Content-Length: 35\r\n\r\n" + SMUGGLED)
        self.assertEqual((request.all("content-length"), request.body), (["35"], SMUGGLED))

    def test_the_identity_families_are_replaced_in_every_spelling(self):
        planted = ["X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "x-forwarded-host: evil",
                   "X-Forwarded-Proto: https", "X-Forwarded-Server: evil", "X_FORWARDED_PROTO: https", "Forwarded: for=6.6.6.6",
                   "X-Real-IP: 6.6.6.6", "X_Real_IP: 6.6.6.6", "X-Weir-Class: direct", "X_Weir_Class: direct",
                   "x-weir-anything: evil"]
        request = self.forwarded(get(*planted))
        for word in (b"6.6.6.6", b"evil", b"https", b"direct"):
            self.assertNotIn(word, request.head)
        self.assertEqual(request.all("x-forwarded-for"), ["127.0.0.1"])

    def test_hop_by_hop_fields_are_not_forwarded(self):
        request = self.forwarded(get("Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers, gzip",
                                     "Upgrade: h2c", "HTTP2-Settings: x", "Connection: Upgrade, HTTP2-Settings, TE",
                                     "Proxy-Authorization: Basic x", "Trailer: X"))
        for name in ("keep-alive", "proxy-connection", "te", "upgrade", "http2-settings", "connection",
                     "proxy-authorization", "trailer"):
            self.assertEqual(request.all(name), [], name)

    def test_repeated_fields_keep_their_order(self):
        request = self.forwarded(get("Accept: a", "X: 1", "Accept: b", "X: 2", "X:", "x: 3"))
        self.assertEqual([v for n, v in request.fields if n.lower() == "x"], ["1", "2", "", "3"])
        self.assertEqual(request.all("accept"), ["a", "b"])

    def test_a_request_that_loops_is_508(self):
        via = self.forwarded(get()).get("via")
        answer = self.ask(get(f"Via: {via}"))
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (508, "loop_detected"))
        self.assertEqual(self.ask(get(f"Via: 1.1 someone, {via} (comment), 1.0 else")).status, 508)
        self.assertEqual(self.backend.requests, [])
        self.assertEqual(self.forwarded(get("Via: 1.1 someone")).all("via")[0], "1.1 someone")

    def test_max_forwards_is_counted_down_and_answered_at_zero(self):
        def options(hops):
            return b"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: %d\r\n\r\n" % hops
        self.assertEqual(self.forwarded(options(3)).all("max-forwards"), ["2"])
        answer = self.ask(options(0))
        self.assertEqual((answer.status, answer.get("x-weir-decision")), (200, "max_forwards"))
        self.assertEqual(self.backend.requests, [])

    # Ids

    def test_a_plain_request_id_is_kept_and_any_other_replaced(self):
        for given, kept in (("abc-123_X.y", True), ("a b", False), ("a" * 65, False), ("a\tb", False), ("\"x\"", False)):
            with self.subTest(given=given):
                answer = self.ask(get(f"X-Request-Id: {given}"))
                sent = self.backend.requests.pop().all("x-request-id")
                self.assertEqual(answer.all("x-request-id"), sent)
                self.assertEqual(len(sent), 1)
                self.assertEqual(sent[0] == given, kept)
                self.assertTrue(sent[0])

    def test_a_trace_is_passed_through_and_begun_when_absent(self):
        given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        self.assertEqual(self.forwarded(get(f"traceparent: {given}")).all("traceparent"), [given])
        self.assertRegex(self.forwarded(get()).get("traceparent"), r"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")

    # Expectations

    def test_an_expected_100_comes_after_admission_and_is_not_forwarded(self):
        with Client(self.weir.address) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            self.assertEqual(client._until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
            client.send(b"hello")
            self.assertEqual(client.response().status, 200)
            self.assertEqual(client.request().status, 200)
        request = self.backend.requests[0]
        self.assertEqual((request.body, request.all("expect")), (b"hello", []))

    def test_a_client_that_does_not_wait_for_the_100_is_served(self):
        with Client(self.weir.address) as client:
            for _ in range(3):
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
                self.assertEqual(client.response().status, 200)
        self.assertEqual([r.body for r in self.backend.requests], [b"hello"] * 3)

    def test_an_expectation_without_a_body_or_from_http_1_0_gets_no_100(self):
        self.assertEqual(self.ask(get("Expect: 100-continue")).interim, [])
        answer = self.ask(b"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
        self.assertEqual((answer.status, answer.interim), (200, []))

    # Pipelining

    def test_pipelined_requests_are_answered_in_order_one_at_a_time(self):
        under_way, at_once = [], []

        def answer(peer, request):
            under_way.append(request)
            at_once.append(len(under_way))
            whole = reply(request.target.encode())
            peer.send(whole[:-1])
            under_way.remove(request)  # before Weir can have all of it and send the next
            peer.send(whole[-1:])
            return True
        self.backend.answer = answer
        requests = b"".join(
            b"PUT /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % i + chunked(b"x" * i) if i % 3 == 0 else
            b"PUT /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (i, i) + b"x" * i if i % 3 == 1 else
            b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(60))
        with Client(self.weir.address) as client:
            client.send(requests)
            self.assertEqual([client.response().body for _ in range(60)], [b"/%d" % i for i in range(60)])
        self.assertEqual(max(at_once), 1)
        self.assertEqual([len(r.body) for r in self.backend.requests], [0 if i % 3 == 2 else i for i in range(60)])

    def test_what_follows_a_malformed_request_is_never_executed(self):
        with Client(self.weir.address) as client:
            client.try_send(get(target="/good") + b"BAD\r\n\r\n" + SMUGGLED * 3)
            self.assertEqual(client.response().status, 200)
            self.assertEqual(client.response().status, 400)
            self.assertTrue(client.is_closed())
        self.assertEqual([r.target for r in self.backend.requests], ["/good"])

    def test_what_follows_connection_close_is_never_executed(self):
        with Client(self.weir.address) as client:
            client.try_send(get("Connection: close", target="/last") + SMUGGLED)
            self.assertEqual(client.response().get("connection"), "close")
            self.assertTrue(client.is_closed())
        self.assertEqual([r.target for r in self.backend.requests], ["/last"])

    def test_a_head_split_at_any_byte_is_one_head(self):
        data = b"POST /split HTTP/1.1\r\nHost: a.example\r\nX-Some:  thing \r\nContent-Length: 5\r\n\r\nhello"
        with Client(self.weir.address) as client:
            for at in range(1, len(data)):
                client.send(data[:at])
                client.send(data[at:])
                self.assertEqual(client.response().status, 200, data[:at])
        for request in self.backend.requests:
            self.assertEqual((request.line, request.get("x-some"), request.body), ("POST /split HTTP/1.1", "thing", b"hello"))

    def test_a_head_that_comes_byte_by_byte_is_one_head(self):
        with Client(self.weir.address) as client:
            for byte in get("X: y", target="/slow"):
                client.send(bytes([byte]))
            self.assertEqual(client.response().status, 200)

    # Persistence

    def test_http_1_0_closes_unless_it_asks_to_be_kept(self):
        with Client(self.weir.address) as client:
            client.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            self.assertEqual(client.response().get("connection"), "close")
            self.assertTrue(client.is_closed())
        with Client(self.weir.address) as client:
            for _ in range(2):
                client.send(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
                self.assertEqual(client.response().get("connection"), "keep-alive")

    def test_http_1_0_may_leave_out_the_host(self):
        self.assertEqual(self.ask(b"GET / HTTP/1.0\r\n\r\n").status, 200)


class Continue(WeirTest):
    def test_a_refused_request_gets_no_100_and_its_body_is_not_taken_for_a_request(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend, classes=[
            {"name": "limited", "match": "any", "backend": "model", "limits": {"requests": {"rate": "1/h", "burst": 1}}}])
        self.assertEqual(weir.request().status, 200)
        with weir.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 35\r\n\r\n")
            answer = client.response()
            self.assertEqual((answer.status, answer.interim, answer.get("connection")), (429, [], "close"))
            client.try_send(SMUGGLED)
            self.assertTrue(client.is_closed())
        self.assertEqual(len(backend.requests), 1)

    def test_a_request_that_waits_for_its_100_holds_no_slot(self):
        done = threading.Event()
        backend = self.start_backend(hold(done))
        weir = self.start_weir_before(backend, capacity=1)
        with weir.connect() as first, weir.connect() as second:
            second.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            self.assertEqual(second._until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
            self.assertEqual(weir.inflight(), 0)
            first.send(get())
            backend.wait_for(1)
            second.send(b"hello")
            self.eventually(lambda: weir.waiting() == 1)
            done.set()
            self.assertEqual(second.response().status, 200)
        self.assertEqual(backend.requests[1].body, b"hello")


if __name__ == "__main__":
    unittest.main()

"""Upgrades, with raw bytes on both sides: only to WebSocket, without a body, on a connection of its own at the
backend, nothing before the 101; anything else ends in a close."""

import threading
import unittest

from raw_requests import SMUGGLED
from support.backend import hold, ok, raw, respond
from support.waiting import scaled, stays
from support.websocket import CLOSE, TEXT, Closed, WebSocketTest, echo, frame, handshake, server
from support.wire import format_request

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"


class Asking(WebSocketTest):
    """What a client may ask for."""

    def test_an_upgrade_to_anything_but_websocket_is_a_plain_request(self):
        backend = self.start_backend()
        weir = self.weir_before(backend)
        for offer in (b"h2c", b"TLS/1.0", b"websocket, h2c", b"h2c, websocket", b"websockets", b"websocket/13", b""):
            with self.subTest(offer=offer):
                client = self.client(weir)
                client.send(handshake("/ws").replace(b"Upgrade: websocket", b"Upgrade: " + offer))
                self.assertEqual(client.response().status, 200)
                request = backend.requests.pop()
                self.assertEqual((request.get("upgrade"), request.get("connection")), (None, None))

    def test_h2c_is_never_tunnelled(self):
        backend = self.start_backend()
        weir = self.weir_before(backend)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
        asked = (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                 b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n")
        client = self.client(weir)
        client.send(asked + preface)
        self.assertEqual(client.response().status, 200)
        self.assertGreaterEqual(client.response().status, 400)
        self.assertTrue(client.is_closed())
        request = backend.requests.pop()
        self.assertEqual([request.get(name) for name in ("upgrade", "http2-settings", "connection")], [None] * 3)
        client = self.client(weir)
        client.send(preface)
        self.assertGreaterEqual(client.response().status, 400)
        self.assertTrue(client.is_closed())
        self.assertEqual(backend.requests, [])

    def test_a_backend_without_websocket_is_asked_for_no_upgrade(self):
        backend = self.start_backend()
        weir = self.start_weir_before(backend)
        client = self.client(weir)
        client.send(handshake("/ws"))
        self.assertEqual(client.response().status, 200)
        self.assertEqual((backend.requests[0].get("upgrade"), backend.requests[0].get("connection")), (None, None))

    def test_an_upgrade_with_a_body_is_refused(self):
        """CVE-2026-58055: one side reads the body as the tunnel's first bytes."""
        backend = self.start_backend(server(echo))
        weir = self.weir_before(backend)
        for fields, body in ((b"Content-Length: 5", b"hello"), (b"Content-Length: %d" % len(SMUGGLED), SMUGGLED),
                             (b"Transfer-Encoding: chunked", b"0\r\n\r\n"), (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
                             (b"Content-Length: 5\r\nExpect: 100-continue", b"")):
            with self.subTest(fields=fields):
                client = self.client(weir)
                client.try_send(handshake("/ws")[:-2] + fields + b"\r\n\r\n" + body)
                answer = client.response()
                self.assertEqual((answer.status, answer.get("connection")), (400, "close"))
                self.assertTrue(client.is_closed())
        self.assertEqual((backend.requests, backend.received), ([], 0))

    def test_malformed_handshakes_reach_no_backend(self):
        backend = self.start_backend()
        weir = self.weir_before(backend)
        whole = handshake("/ws")
        for request in (whole.replace(b"GET", b"POST"), whole.replace(b"HTTP/1.1", b"HTTP/1.0"), whole.replace(b": 13", b": 8"),
                        whole.replace(b"Sec-WebSocket-Key", b"X"), whole.replace(b"ZQ==", b"")):
            with self.subTest(request=request):
                client = self.client(weir)
                client.send(request)
                answer = client.response()
                self.assertEqual((answer.status, answer.get("connection")), (400, "close"))
                self.assertTrue(client.is_closed())
        self.assertEqual(backend.requests, [])

    def test_the_handshake_is_written_anew(self):
        backend = self.start_backend(server(echo))
        weir = self.weir_before(backend)
        end = self.open(weir, fields=[("Sec-WebSocket-Extensions", "permessage-deflate"), ("Sec-WebSocket-Protocol", "realtime"),
                                      ("X-Weir-Class", "mine")])
        end.send_frame(TEXT, b"x")
        end.message()
        request = backend.requests[0]
        self.assertEqual((request.get("connection"), request.get("upgrade")), ("Upgrade", "websocket"))
        self.assertEqual(request.get("sec-websocket-protocol"), "realtime")
        self.assertIsNone(request.get("sec-websocket-extensions"))
        self.assertIsNone(request.get("x-weir-class"))


class Switching(WebSocketTest):
    """What a backend may answer, and what is passed on when."""

    def test_nothing_passes_before_the_101(self):
        """CVE-2026-2833: what follows the handshake is no request, and goes nowhere before the backend has agreed."""
        go = threading.Event()
        self.addCleanup(go.set)
        backend = self.start_backend(hold(go, then=server(echo)))
        weir = self.weir_before(backend)
        client = self.client(weir)
        client.send(handshake("/ws") + frame(TEXT, b"early", b"mask"))
        backend.wait_for(1)
        head = len(backend.requests[0].head)
        self.assertTrue(stays(lambda: backend.received == head))
        go.set()
        self.assertEqual(client.head().status, 101)
        self.assertEqual(client._exactly(7), frame(TEXT, b"early"))
        # What follows is a broken frame, not a request, and ends the tunnel.
        client.send(SMUGGLED)
        self.assertEqual(client._exactly(4)[2:], b"\x03\xea")
        self.assertEqual(len(backend.requests), 1)

    def test_what_follows_a_handshake_that_was_not_granted_goes_nowhere(self):
        for answer, status in ((respond(b"no", "403 Forbidden"), 403), (ok, 200), (raw(SWITCHING + b"\r\n"), 502)):
            with self.subTest(status=status):
                backend = self.start_backend(answer)
                client = self.client(self.weir_before(backend))
                client.send(handshake("/ws") + SMUGGLED)
                self.assertEqual(client.response().status, status)
                self.assertTrue(client.is_closed())
                self.assertEqual([request.target for request in backend.requests], ["/ws"])
                self.assertEqual(backend.received, len(backend.requests[0].head))

    def test_any_answer_but_101_is_the_last_on_its_connection(self):
        backend = self.start_backend(respond(b"no", "403 Forbidden"))
        weir = self.weir_before(backend)
        client = self.client(weir)
        client.send(handshake("/ws"))
        answer = client.response()
        self.assertEqual((answer.status, answer.body, answer.get("connection")), (403, b"no", "close"))
        self.assertTrue(client.is_closed())

    def test_an_unsolicited_or_mismatched_101_is_a_bad_gateway(self):
        asks = {"nothing": format_request(), "an upgrade to h2c": handshake("/ws").replace(b"websocket\r", b"h2c\r"), "websocket": handshake("/ws")}
        for asked, head in (("nothing", b"Upgrade: websocket\r\n\r\n"), ("an upgrade to h2c", b"Upgrade: h2c\r\n\r\n"),
                            ("websocket", b"Upgrade: h2c\r\n\r\n"), ("websocket", b"Upgrade: websocket, h2c\r\n\r\n"), ("websocket", b"\r\n"),
                            ("websocket", b"Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")):
            with self.subTest(asked=asked, head=head):
                weir = self.weir_before(self.start_backend(raw(SWITCHING + head)))
                client = self.client(weir)
                client.send(asks[asked])
                self.assertEqual(client.response().status, 502)

    def test_a_tunnel_has_a_connection_of_its_own_that_is_not_reused(self):
        gone = threading.Event()

        def until_closed(end):
            try:
                echo(end)
                end.frame()
            except Closed:
                gone.set()
                raise
        tunnel = server(until_closed)
        backend = self.start_backend(lambda peer, request: tunnel(peer, request) if request.get("upgrade") else ok(peer, request))
        weir = self.weir_before(backend)
        self.assertEqual(weir.request().status, 200)
        end = self.open(weir)
        self.assertEqual(weir.request().status, 200)
        end.send_frame(CLOSE, b"\x03\xe8")
        self.assertEqual(end.message()[0], CLOSE)
        end.client.close()
        self.assertTrue(gone.wait(scaled(5)), "the backend's side stays open")
        self.assertEqual(weir.request().status, 200)
        of_tunnel = [request.connection for request in backend.requests if request.get("upgrade")]
        of_others = [request.connection for request in backend.requests if not request.get("upgrade")]
        self.assertEqual((len(of_tunnel), len(of_others)), (1, 3))
        self.assertNotIn(of_tunnel[0], of_others)

    def test_an_invalid_frame_ends_the_tunnel(self):
        weir = self.weir_before(self.start_backend(server(echo)))
        for wrong in (frame(TEXT, b"unmasked"), b"\xc1\x80mask", frame(0, b"nothing to go on", b"mask"), b"\x89\xfe\x00\x7emask"):
            with self.subTest(wrong):
                end = self.open(weir)
                end.send(wrong)
                self.assertEqual(end.message()[1][:2], b"\x03\xea")
                self.assertRaises(Closed, end.message)
        masked = self.weir_before(self.start_backend(server(lambda end: end.send(frame(TEXT, b"x", b"mask")))))
        self.assertEqual(self.open(masked).message()[1][:2], b"\x03\xf3")


if __name__ == "__main__":
    unittest.main()

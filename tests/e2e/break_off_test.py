"""Answers that fail after they have begun: an error event if the stream can carry one, otherwise an abort, and never
anything that could be taken for a clean end."""

import json
import threading
import unittest

from support.backend import raw
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import pause, scaled
from support.wire import format_request

JSON = ("Content-Type", "application/json")
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
EVENTS = {
    "chat": [b'data: {"choices":[{"delta":{"content":"Still"}}]}\n\n', b'data: {"choices":[{"delta":{"content":" waters"}}]}\n\n'],
    "responses": [b'event: response.created\ndata: {"type":"response.created","sequence_number":0}\n\n',
                  b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":1}\n\n'],
    "messages": [b'event: message_start\ndata: {"type":"message_start"}\n\n',
                 b'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n'],
}


def head(*fields, framing="Transfer-Encoding: chunked"):
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", framing, *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def events_of(body):
    """(event, data) as WHATWG HTML section 9.2.6 has them."""
    events, name, data = [], None, []
    for line in body.decode().replace("\r\n", "\n").split("\n"):
        if not line:
            if data:
                events.append((name, "\n".join(data)))
            name, data = None, []
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    return events


class BreakOff(WeirTest):
    def ask(self, weir, form="chat", path=None, body=b'{"model":"m","stream":true,"stream_options":{"include_usage":true}}'):
        """A client that asks for usage itself: otherwise Weir asks, and holds back the beginning of an unfinished event."""
        return weir.request("POST", path or PATHS[form], [JSON], body)

    def check(self, answer, form, reason, passed):
        """What passed arrived unchanged, the last event is the error, and there is no clean end."""
        self.assertEqual((answer.status, answer.complete), (200, False))
        self.assertTrue(answer.body.startswith(passed), answer.body)
        self.assertNotIn(b"[DONE]", answer.body)
        name, data = events_of(answer.body)[-1]
        data = json.loads(data)
        self.assertEqual(name, None if form == "chat" else "error")
        if form != "chat":
            self.assertEqual(data["type"], "error")
        if form == "messages":
            self.assertEqual((data["error"]["type"], data["request_id"]),
                             (reason, answer.get("x-request-id")))
        else:
            self.assertEqual(data["error"]["code"], reason)
        return data

    def test_a_backend_that_dies_between_two_events(self):
        for form, reason in (("chat", "backend_died"), ("responses", "backend_died"), ("messages", "api_error")):
            with self.subTest(form):
                passed = b"".join(EVENTS[form])
                weir = self.start_weir_before(self.start_backend(raw(head() + chunk(passed))))
                data = self.check(self.ask(weir, form), form, reason, passed)
                if form == "responses":
                    self.assertEqual(data["sequence_number"], 2)
                self.assert_idle(weir)
                self.eventually(lambda: [line for line in weir.access_log() if line["reason"] == "backend_died"])

    def test_a_backend_that_resets_or_breaks_the_framing(self):
        passed = EVENTS["chat"][0]

        def reset(peer, request):
            peer.send(head() + chunk(passed))
            pause(0.1)  # a reset discards what Weir has not read yet
            return peer.reset()
        for answer in (reset, raw(head() + chunk(passed) + b"zz\r\n", keep=True)):
            weir = self.start_weir_before(self.start_backend(answer))
            self.check(self.ask(weir), "chat", "backend_died", passed)

    def test_half_an_event_is_closed_first(self):
        for cut in (3, 10, 30, len(EVENTS["chat"][1]) - 1):
            half = EVENTS["chat"][1][:cut]
            passed = EVENTS["chat"][0] + half
            weir = self.start_weir_before(self.start_backend(raw(head() + chunk(passed))))
            answer = self.ask(weir)
            self.check(answer, "chat", "backend_died", passed)
            self.assertEqual(json.loads(events_of(answer.body)[0][1])["choices"][0]["delta"]["content"], "Still")

    def test_half_an_event_that_was_held_back_is_never_sent(self):
        passed = EVENTS["chat"][0]
        weir = self.start_weir_before(self.start_backend(raw(head() + chunk(passed + EVENTS["chat"][1][:12]))))
        answer = self.ask(weir, body=b'{"model":"m","stream":true}')
        self.check(answer, "chat", "backend_died", passed)
        self.assertEqual(len(events_of(answer.body)), 2)

    def test_half_an_anthropic_event_becomes_one_that_is_skipped(self):
        passed = EVENTS["messages"][0] + EVENTS["messages"][1][:-9]
        weir = self.start_weir_before(self.start_backend(raw(head() + chunk(passed))))
        answer = self.ask(weir, "messages")
        self.check(answer, "messages", "api_error", passed)
        self.assertEqual([name for name, _ in events_of(answer.body)], ["message_start", "ping", "error"])

    def test_a_failure_before_the_first_event_is_an_error_event(self):
        weir = self.start_weir_before(self.start_backend(raw(head())))
        self.check(self.ask(weir), "chat", "backend_died", b"")

    def test_a_backend_that_falls_silent_or_takes_too_long(self):
        go = threading.Event()
        self.addCleanup(go.set)

        def stall(peer, request):
            peer.send(head() + chunk(EVENTS["chat"][0]))
            peer.wait_until_closed()
            return False
        for timeouts, reason in (({"idle": "200ms"}, "backend_timeout"), ({"total": "200ms"}, "total_timeout")):
            with self.subTest(reason):
                backend = self.start_backend(stall)
                weir = self.start_weir(small_policy(backend.url, backend={"timeouts": timeouts}))
                self.check(self.ask(weir), "chat", reason, EVENTS["chat"][0])
                self.assert_idle(weir)

    def test_an_answer_that_cannot_carry_an_event_is_aborted(self):
        event = EVENTS["chat"][0]
        plain = head().replace(b"text/event-stream", b"application/json")
        for name, path, answer in (
                ("a length", None, head(framing="Content-Length: 1000") + event),
                ("compressed", None, head("Content-Encoding: gzip") + chunk(event)),
                ("no event stream", None, plain + chunk(b'{"choices":')),
                ("no dialect", "/events", head() + chunk(event))):
            with self.subTest(name):
                backend = self.start_backend(raw(answer))
                weir = self.start_weir(small_policy(backend.url, backend={"dialect": "generic"}))
                answer = self.ask(weir, path=path)
                self.assertEqual((answer.status, answer.complete), (200, False))
                self.assertNotIn(b"error", answer.body)

    def test_a_client_that_does_not_read_does_not_delay_the_end(self):
        big = b"data: " + b"x" * 4_000_000 + b"\n\n"
        backend = self.start_backend(raw(head() + chunk(big)))
        weir = self.start_weir(small_policy(backend.url, listener_limits={"write_timeout": "300ms"}))
        client = self.client(weir, receive_buffer=4096)
        client.send(format_request("POST", PATHS["chat"], [JSON], b'{"stream":true}'))
        self.assert_idle(weir)
        self.eventually(lambda: [line for line in weir.access_log() if line["reason"] in ("backend_died", "client_stalled")],
                        within=scaled(10))


if __name__ == "__main__":
    unittest.main()

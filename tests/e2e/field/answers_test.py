"""Actual usage is charged, whatever form, coding or ending an answer has.

WEIR_STREAMS=2000 is the full number of truncated streams; the default is fewer."""

import gzip
import json
import os
import random
import threading
import unittest

from support.backend import reply
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import scaled
from support.wire import format_request

JSON = ("Content-Type", "application/json")
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def head(content_type="text/event-stream", fields=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type.encode() + b"\r\n" + fields + b"Transfer-Encoding: chunked\r\n\r\n"


def event(document, end=b"\n\n"):
    return b"data: " + json.dumps(document).encode() + end


def word(text="word"):
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


def anthropic_stream(tokens):
    yield event({"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}, "content": []}})
    for _ in range(tokens):
        yield event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "word"}})
    yield event({"type": "message_delta", "usage": {"output_tokens": tokens}})
    yield event({"type": "message_stop"})


class Answers(WeirTest):
    def start(self, answer, **backend):
        self.backend = self.start_backend(answer)
        self.weir = self.start_weir(small_policy(self.backend.url, backend=backend))

    def line_of(self, request_id):
        found = []

        def looks():
            found[:] = [line for line in self.weir.access_log() if line["request_id"] == request_id]
            return found
        self.eventually(looks)
        return found[0]

    def ask(self, body=None, path=CHAT, fields=(), method="POST"):
        body = json.dumps({"model": "m", "stream": True, **(body or {})}).encode()
        answer = self.weir.request(method, path, [JSON, *fields], body, timeout=scaled(10))
        return answer, self.line_of(answer.get("x-request-id"))

    def whole(self, *events, content_type="text/event-stream", end=True):
        def answer(peer, request):
            peer.send(head(content_type) + b"".join(map(chunk, events)) + (b"0\r\n\r\n" if end else b""))
            return end
        return answer


class Usage(Answers):
    def test_usage_at_the_beginning_is_not_the_final_usage(self):
        for events in (list(anthropic_stream(400))[:-2], list(anthropic_stream(400))[:201]):
            self.start(self.whole(*events, end=False))
            _, line = self.ask(path=MESSAGES)
            self.assertEqual(line["tokens_out"], len(events) - 1)

    def test_a_stream_that_ends_cleanly_without_its_terminator_is_counted_too(self):
        self.start(self.whole(*list(anthropic_stream(400))[:-2]))
        _, line = self.ask(path=MESSAGES)
        self.assertEqual(line["tokens_out"], 400)

    def test_a_cache_is_counted_once(self):
        for usage, tokens in (({"prompt_tokens": 10_000, "cache_read_input_tokens": 9000, "completion_tokens": 1}, (10_000, 1)),
                              ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 1015}, (10, 1005))):
            self.start(self.whole(word(), event({"choices": [], "usage": usage})))
            _, line = self.ask()
            self.assertEqual((line["tokens_in"], line["tokens_out"]), tokens)

    def test_other_engines_are_understood(self):
        lines = b'{"message":{"content":"a"},"done":false}\n{"done":true,"prompt_eval_count":26,"eval_count":298}\n'
        self.start(self.whole(lines, content_type="application/x-ndjson"))
        _, line = self.ask(path="/api/chat")
        self.assertEqual((line["tokens_in"], line["tokens_out"]), (26, 298))
        gemini = {"candidates": [{"content": {"parts": [{"text": "a"}]}}],
                  "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3, "thoughtsTokenCount": 20, "totalTokenCount": 30}}
        self.start(lambda peer, request: (peer.send(reply(json.dumps(gemini).encode(), fields=[("Content-Type", "application/json")])), True)[1])
        _, line = self.ask(path="/v1beta/models/g:generateContent")
        self.assertEqual((line["tokens_in"], line["tokens_out"]), (7, 23))

    def test_answers_that_are_read_are_not_asked_for_compressed(self):
        self.start(self.whole(word()))
        self.ask(fields=[("Accept-Encoding", "gzip, br")])
        self.assertEqual(self.backend.requests[0].all("accept-encoding"), ["identity"])
        self.weir.request("GET", "/index.html", [("Accept-Encoding", "gzip")])
        self.assertEqual(self.backend.requests[1].all("accept-encoding"), ["gzip"])

    def test_an_answer_that_is_compressed_anyway_passes_whole(self):
        content = gzip.compress(word() * 20)
        self.start(lambda peer, request: (peer.send(head(fields=b"Content-Encoding: gzip\r\n") + chunk(content) + b"0\r\n\r\n"), True)[1])
        answer, _ = self.ask()
        self.assertEqual(answer.body, content)


class UsageChunk(Answers):
    def test_does_not_reach_a_client_that_did_not_ask_in_any_shape(self):
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        for document in ({"choices": [], "usage": usage}, {"choices": None, "usage": usage}, {"usage": usage},
                         {"usage": {"total_tokens": 5}, "choices": []}):
            for end in (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b""):
                self.start(self.whole(word(), event(document, end)))
                answer, _ = self.ask()
                self.assertEqual(answer.body, word(), (document, end))

    def test_is_known_in_a_stream_that_is_called_text(self):
        self.start(self.whole(word(), event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 77}}), b"data: [DONE]\n\n",
                              content_type="text/plain; charset=utf-8"))
        answer, line = self.ask()
        self.assertEqual(answer.body, word() + b"data: [DONE]\n\n")
        self.assertEqual(line["tokens_out"], 77)

    def test_comments_pass_at_once(self):
        received = threading.Event()

        def answer(peer, request):
            peer.send(head() + chunk(b": ping\n"))
            received.wait(scaled(10))
            peer.send(chunk(word()) + b"0\r\n\r\n")
            return True
        self.start(answer)
        client = self.client(self.weir)
        client.send(format_request("POST", CHAT, [JSON], b'{"model":"m","stream":true}'))
        client._until(b": ping\n")
        received.set()


class LeavingClients(Answers):
    def test_leaving_is_noticed_between_events_whatever_the_line_ending(self):
        for end in (b"\n\n", b"\r\n\r\n", b"\r\r"):
            gone = threading.Event()

            def answer(peer, request):
                peer.send(head() + chunk(event({"choices": [{"delta": {"content": "a"}}]}, end)))
                peer.wait_until_closed(scaled(20))
                gone.set()
                return False
            self.start(answer, ask_usage=False)
            client = self.client(self.weir)
            client.send(format_request("POST", CHAT, [JSON], b'{"model":"m","stream":true}'))
            client._until(b"data:")
            client.close()
            self.assertTrue(gone.wait(scaled(3)), end)
            self.assert_soon_equal(lambda: self.weir.inflight(), 0)


class CutAnywhere(Answers):
    """Tokens charged are those that the backend has sent, wherever and by whichever side a stream is ended."""
    STREAMS = int(os.environ.get("WEIR_STREAMS", "60"))

    def test_tokens_charged_are_those_that_arrived(self):
        rng = random.Random(7)
        plans = {}

        def answer(peer, request):
            tokens, cut, hangs = plans[request.target + request.get("x-plan", "")]
            stream = b"".join(anthropic_stream(tokens)) if request.target == MESSAGES else b"".join(word() for _ in range(tokens))
            peer.send(head() + chunk(stream[:cut]))
            if hangs:
                peer.wait_until_closed(scaled(10))
            return False
        self.start(answer, timeouts={"idle": "300ms"})
        charged = came = 0
        for i in range(self.STREAMS):
            path = rng.choice((CHAT, MESSAGES))
            tokens = rng.randint(20, 400)
            stream = b"".join(anthropic_stream(tokens)) if path == MESSAGES else b"".join(word() for _ in range(tokens))
            cut = rng.randint(len(stream) // 20, len(stream) - 200)
            plans[path + str(i)] = (tokens, cut, rng.random() < 0.3)
            _, line = self.ask({"stream_options": {"include_usage": True}}, path, [("x-plan", str(i))])
            charged += line["tokens_out"]
            came += stream[:cut].count(b'"word"}}') if path == MESSAGES else stream[:cut].count(b'"word"}}]}')
        self.assertAlmostEqual(charged / came, 1, delta=0.02)


if __name__ == "__main__":
    unittest.main()

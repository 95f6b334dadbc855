"""Tokens in answers: counted by Weir as the backend counts, however the bytes are split, with nothing else changed."""

import concurrent.futures
import gzip
import json
import random
import re
import unittest

from support.mock import Mock, send_cut
from support.policy import small_policy
from support.process import WeirTest

JSON = ("Content-Type", "application/json")
WORDS = "the quick brown fox jumps over a lazy dog and then some more of them".split()
PATHS = ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages")


def body_for(path, rng, stream, ask_usage=None):
    prompt = " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 80)))
    tokens = rng.randint(1, 40)
    body = {"model": rng.choice(("m", "a/rather-long-name-of-a-model", 'odd "one"')), "stream": stream}
    if path == "/v1/completions":
        body |= {"prompt": prompt, "max_tokens": tokens}
    elif path == "/v1/responses":
        body |= {"input": prompt, "max_output_tokens": tokens}
    elif path == "/v1/embeddings":
        body = {"model": "m", "input": [prompt, prompt]}
    else:
        body |= {"messages": [{"role": "user", "content": prompt}], "max_tokens": tokens}
    if ask_usage is not None:
        body["stream_options"] = {"include_usage": ask_usage}
    return json.dumps(body).encode()


def events_of(content):
    return [line[6:] for line in content.decode().splitlines() if line.startswith("data: {")]


def usage_of(content_type, content):
    """(in, out): the last value of each in an answer."""
    documents = events_of(content) if content_type.startswith("text/event-stream") else [content]
    reported = [None, None]
    for document in map(json.loads, documents):
        for place in (document, document.get("message"), document.get("response")):
            usage = place.get("usage") if isinstance(place, dict) else None
            for i, names in enumerate((("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))):
                for name in names:
                    if usage and name in usage:
                        reported[i] = usage[name]
    return tuple(reported)


def without_usage_chunk(content):
    return re.sub(rb'data: \{[^\n]*"choices":\[\],"usage":\{[^\n]*\n\n', b"", content)


def without_usage(content):
    """The answer of a backend that does not report usage."""
    return re.sub(rb'"usage":\{[^{}]*(\{[^{}]*\}[^{}]*)*\}', b'"other":{}', without_usage_chunk(content))


class Streams(WeirTest):
    def setUp(self):
        self.mock = Mock("--speed", "1000")
        self.addCleanup(self.mock.stop)
        self.sent = {}  # by request id: content type, what the mock said, what was passed on
        self.reports_usage = True
        self.backend = self.start_backend(self.answer)

    def answer(self, peer, request):
        rng = random.Random(request.get("x-request-id"))
        status, content_type, content = self.mock.ask("POST", request.target, request.body)
        passed = content if self.reports_usage else without_usage(content)
        self.sent[request.get("x-request-id")] = content_type, content, passed
        send_cut(peer, status, content_type, passed, rng)
        return True

    def run_mixed(self, weir, count, paths, streams=(True,)):
        rng = random.Random(4)
        asked = []
        for i in range(count):
            path = paths[i % len(paths)]
            stream = rng.choice(streams)
            options = stream and path in PATHS[:2] and rng.choice((None, True, False))
            asked.append((f"r{i}", path, options, body_for(path, rng, stream, options if options is not None else None)))

        def ask(request):
            name, path, _, body = request
            return weir.request("POST", path, [JSON, ("X-Request-Id", name)], body)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, asked))
        self.eventually(lambda: len(weir.access_log()) >= count, within=10)
        return asked, answers, {line["request_id"]: line for line in weir.access_log()}

    def test_a_thousand_mixed_streams_are_counted_as_the_backend_counts(self):
        weir = self.start_weir(small_policy(self.backend.url, capacity=64))
        asked, answers, log = self.run_mixed(weir, 1000, PATHS)
        for (name, path, asked_usage, _), answer in zip(asked, answers):
            content_type, content, _ = self.sent[name]
            self.assertEqual(answer.status, 200, answer.body)
            self.assertTrue(answer.complete)
            own = path in PATHS[:2] and not asked_usage
            self.assertEqual(answer.body, without_usage_chunk(content) if own else content, name)
            line = log[name]
            self.assertEqual((line["tokens_in"], line["tokens_out"]), usage_of(content_type, content), line)
            self.assertEqual(line["tokens_source"], "usage")
        tokens = sum(usage_of(*self.sent[name][:2])[1] for name, *_ in asked)
        self.assert_soon_equal(lambda: weir.count("weir_tokens_total", direction="out", source="usage"), tokens)
        self.assert_soon_equal(lambda: weir.count("weir_tokens_total", direction="out", source="counted"), 0)
        self.assertLess(abs(weir.count("weir_token_estimate_ratio") - 1), 0.5, "the ratio was learned")

    def test_without_usage_they_are_counted_as_they_pass(self):
        self.reports_usage = False
        weir = self.start_weir(small_policy(self.backend.url, capacity=64))
        asked, answers, log = self.run_mixed(weir, 200, PATHS)
        for (name, *_), answer in zip(asked, answers):
            content_type, content, passed = self.sent[name]
            self.assertEqual(answer.body, passed)
            line = log[name]
            truth = usage_of(content_type, content)[1] or len(re.findall(b'"(content|text)": ?"[^"]', content))
            self.assertLessEqual(abs(line["tokens_out"] - truth), 0.15 * truth, (line, content))
            self.assertEqual(line["tokens_source"], "counted")

    def test_whole_answers_are_read_as_they_pass(self):
        weir = self.start_weir(small_policy(self.backend.url, capacity=64))
        asked, answers, log = self.run_mixed(weir, 100, (*PATHS, "/v1/embeddings"), (False,))
        for (name, path, *_), answer in zip(asked, answers):
            content_type, content, _ = self.sent[name]
            self.assertEqual(answer.body, content)
            reported = usage_of(content_type, content)
            self.assertEqual(log[name]["tokens_in"], reported[0])
            self.assertEqual(log[name]["tokens_out"], reported[1] or 0)
            self.assertEqual(log[name]["tokens_source"], "usage")


class Asking(WeirTest):
    """Whether the backend is asked for its usage, and how bodies and answers change otherwise."""

    def setUp(self):
        self.backend = self.start_backend()

    def forwarded(self, weir, path, body, fields=(JSON,)):
        self.assertEqual(weir.request("POST", path, list(fields), body).status, 200)
        return self.backend.requests[-1].body

    def test_only_streams_of_chunks_are_asked(self):
        weir = self.start_weir_before(self.backend)
        chat = b'{"model":"m","stream":true}'
        self.assertEqual(self.forwarded(weir, PATHS[0], chat),
                         b'{"stream_options":{"include_usage":true},"model":"m","stream":true}')
        self.assertEqual(self.forwarded(weir, PATHS[0], b'{"stream":true,"stream_options":{"include_usage":false}}'),
                         b'{"stream":true,"stream_options":{"include_usage":true}}')
        for path, body in ((PATHS[0], b'{"stream":true,"stream_options":{"include_usage": true}}'),
                           (PATHS[0], b'{"model":"m"}'), (PATHS[2], chat), (PATHS[3], chat), ("/v1/x", chat)):
            self.assertEqual(self.forwarded(weir, path, body), body)

    def test_a_policy_can_turn_asking_off(self):
        weir = self.start_weir(small_policy(self.backend.url, backend={"ask_usage": False}))
        self.assertEqual(self.forwarded(weir, PATHS[0], b'{"stream":true}'), b'{"stream":true}')

    def test_a_stream_with_a_length_loses_it_with_the_chunk(self):
        chunk = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n'
        rest = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
        content = rest + chunk + b"data: [DONE]\n\n"
        self.backend.answer = lambda peer, request: peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        ) or True
        weir = self.start_weir_before(self.backend)
        answer = weir.request("POST", PATHS[0], [JSON], b'{"stream":true}')
        self.assertEqual(answer.body, rest + b"data: [DONE]\n\n")
        self.assertTrue(answer.complete)
        answer = weir.request("POST", PATHS[0], [JSON], b'{"stream":true,"stream_options":{"include_usage":true}}')
        self.assertEqual(answer.body, content)
        self.assertEqual(answer.get("content-length"), str(len(content)))

    def test_a_stream_that_ends_in_the_middle_keeps_its_beginning(self):
        beginning = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choi'
        self.backend.answer = lambda peer, request: peer.send(
            b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + beginning) and False
        weir = self.start_weir_before(self.backend)
        answer = weir.request("POST", PATHS[0], [JSON], b'{"stream":true}')
        self.assertEqual(answer.body, beginning)

    def test_a_compressed_answer_is_not_read(self):
        content = gzip.compress(b'{"usage":{"prompt_tokens":7,"completion_tokens":3}}')
        self.backend.answer = lambda peer, request: peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            % len(content) + content) or True
        weir = self.start_weir_before(self.backend)
        self.assertEqual(weir.request("POST", PATHS[0], [JSON], b'{"max_tokens":50}').body, content)
        self.eventually(lambda: weir.access_log())
        line = weir.access_log()[0]
        self.assertEqual((line["tokens_out"], line["tokens_source"]), (50, "estimated"))

    def test_the_model_is_in_the_log(self):
        weir = self.start_weir_before(self.backend)
        self.forwarded(weir, PATHS[0], b'{"model":"l\\u0061rge \\"one\\""}')
        self.forwarded(weir, PATHS[0], json.dumps({"model": "x" * 200}).encode())
        self.eventually(lambda: len(weir.access_log()) == 2)
        self.assertEqual([line["model"] for line in weir.access_log()], ['large "one"', "x" * 64])


if __name__ == "__main__":
    unittest.main()

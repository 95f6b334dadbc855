"""Limits on LLM tokens: reserved, charged as they stream, settled; and what callers learn about the remaining allowance."""

import datetime
import json
import threading
import unittest

from support.backend import hold, reply, respond
from support.policy import small_policy
from support.process import WeirTest

JSON = ("Content-Type", "application/json")
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


def chat(max_tokens=None, size=40, **more):
    """A body of `size` bytes, if that is enough: ten tokens by default."""
    body = {"model": "m", **({"max_tokens": max_tokens} if max_tokens is not None else {}), **more}
    text = json.dumps(body, separators=(",", ":"))
    return (text[:-1] + ',"x":"' + "y" * max(0, size - len(text) - 7) + '"}').encode()


def answer_with(prompt, completion):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return json.dumps({"choices": [], "usage": usage}).encode()


def stream_of(tokens, gate=None):
    """An SSE answer of that many tokens without usage; waits for `gate` before its end."""
    def answer(peer, request):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        event = b'data: {"choices":[{"delta":{"content":"word"}}]}\n\n'
        for _ in range(tokens):
            peer.send(b"%x\r\n%s\r\n" % (len(event), event))
        if gate is not None and not gate.wait(20):
            return False
        peer.send(b"0\r\n\r\n")
        return True
    return answer


class TokenLimits(WeirTest):
    def start(self, limits, answer=None):
        self.backend = self.start_backend(*([answer] if answer else []))
        self.weir = self.start_weir(small_policy(self.backend.url, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": limits}]))
        return self.weir

    def post(self, body, path=CHAT):
        return self.weir.request("POST", path, [JSON], body)

    def test_parallel_requests_never_reserve_more_than_the_bucket_holds(self):
        done = threading.Event()
        self.start({"tokens": "100/min"}, hold(done, respond(answer_with(10, 30))))
        clients = [self.client(self.weir) for _ in range(5)]
        for client in clients:
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(chat(30))}\r\n\r\n".encode() + chat(30))
        self.eventually(lambda: self.backend.parallel == 2)
        self.eventually(lambda: self.weir.count("weir_shed_total", reason="class_tokens", mode="enforce") == 3)
        done.set()
        answers = [client.response() for client in clients]
        self.assertEqual(sorted(answer.status for answer in answers), [200, 200, 429, 429, 429])
        self.assertEqual(self.backend.max_parallel, 2)
        refused = next(answer for answer in answers if answer.status == 429)
        self.assertEqual(refused.get("x-weir-decision"), "class_tokens")
        self.assertEqual(json.loads(refused.body)["error"]["type"], "tokens")
        self.assertEqual(json.loads(refused.body)["error"]["code"], "rate_limit_exceeded")
        self.assertGreaterEqual(int(refused.get("retry-after")), 12)
        self.assertEqual(refused.get("x-ratelimit-limit-tokens"), "100")
        self.assertEqual(refused.get("x-ratelimit-remaining-tokens"), "20")

    def test_a_request_larger_than_the_bucket_is_served_once_it_is_full(self):
        self.start({"per_client": {"tokens": "100/min"}}, respond(answer_with(50, 20)))
        self.assertEqual(self.post(chat(100_000)).status, 200)
        refused = self.post(chat(100_000))
        self.assertEqual((refused.status, refused.get("x-weir-decision")), (429, "client_tokens"))
        self.assertEqual(self.post(chat(5, 20)).status, 200, "30 were left of it by the truth")

    def test_a_stream_is_charged_while_it_flows(self):
        end = threading.Event()
        self.start({"tokens": "1000/min"}, stream_of(1200, end))
        with self.weir.connect() as client:
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(chat(5, stream=True))}\r\n\r\n".encode() + chat(5, stream=True))
            answer = client.head()
            self.assertEqual(answer.status, 200)
            chunks = client.chunks(answer)
            read = 0
            while read < 1200:
                read += next(chunks).count(b"word")
            self.eventually(lambda: self.weir.metrics().sum("weir_bucket_fill_ratio", **{"class": "everyone"}) == 0)
            self.assertEqual(self.post(chat(5)).status, 429, "its estimate was 15")
            end.set()

    def test_the_rest_of_a_reservation_is_returned_at_the_end(self):
        self.start({"tokens": {"both": "1000/min", "output": "900/min"}}, respond(answer_with(10, 2)))
        for _ in range(5):
            answer = self.post(chat(800))
            self.assertEqual(answer.status, 200)
        self.assertGreaterEqual(int(answer.get("x-ratelimit-remaining-tokens")), 50)

    def test_a_failed_request_spends_nothing_and_an_abandoned_one_its_prompt(self):
        self.start({"tokens": {"input": {"rate": "60/h", "burst": 1000}}}, respond(b"no", "500 Oops"))
        for _ in range(5):
            self.assertEqual(self.post(chat(10, 2000)).status, 500)
        began = threading.Event()
        self.backend.answer = lambda peer, request: began.set() or peer.wait_until_closed() and False
        with self.weir.connect() as client:
            body = chat(10, 2000)
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            self.assertTrue(began.wait(10))
        self.assert_idle(self.weir)
        self.backend.answer = respond(answer_with(1, 1))
        self.assertAlmostEqual(int(self.post(chat(1)).get("x-ratelimit-remaining-tokens")), 490, delta=5)

    def test_streams_hold_their_slot_to_the_last_byte(self):
        """A limit that is released with the head lets any number of streams run side by side."""
        ends = [threading.Event() for _ in range(3)]
        turns = iter(ends)
        self.start({"per_client": {"concurrency": 2}}, lambda peer, request: stream_of(20, next(turns))(peer, request))
        clients = [self.client(self.weir) for _ in range(2)]
        body = chat(50, stream=True)
        for client in clients:
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            self.assertEqual(client.head().status, 200)
        for _ in range(3):
            refused = self.post(body)
            self.assertEqual((refused.status, refused.get("x-weir-decision")), (429, "client_concurrency"))
        ends[0].set()
        self.eventually(lambda: self.weir.inflight() == 1)
        ends[2].set()
        self.assertEqual(self.post(body).status, 200)
        ends[1].set()
        self.assertLessEqual(self.backend.max_parallel, 2)

    def test_a_completion_is_priced_by_how_many_prompts_it_has(self):
        self.start({"tokens": {"both": {"rate": "1/h", "burst": 100_000}}}, respond(answer_with(1, 1)))
        for prompt, n, answers in (("a, b", 1, 1), (["a, b"], 2, 2), (["a"] * 5, 1, 5), (["a", "b"], 3, 6), ([[1, 2], [3, 4]], 1, 2),
                                   ([1, 2, 3, 4, 5], 1, 1), ([], 1, 1)):
            body = json.dumps({"model": "m", "prompt": prompt, "max_tokens": 1000, "n": n}).encode()
            answer = self.post(body, "/v1/completions")
            # The state while the answer is in progress.
            left = int(answer.get("x-ratelimit-remaining-tokens"))
            self.assertAlmostEqual(left, 100_000 - 1000 * answers, delta=200, msg=prompt)
            self.assert_idle(self.weir)
        too_many = json.dumps({"model": "m", "prompt": ["a"] * 100, "max_tokens": 1000}).encode()
        self.assertEqual(self.post(too_many, "/v1/completions").status, 429)
        self.assertEqual(self.post(too_many.replace(b"prompt", b"input"), "/v1/embeddings").status, 200)

    def test_a_get_costs_no_tokens(self):
        self.start({"tokens": "10/min"}, respond(answer_with(100, 100)))
        self.assertEqual(self.post(chat(10)).status, 200)
        self.assertEqual(self.post(chat(10)).status, 429)
        self.assertEqual(self.weir.request("GET", "/v1/models").status, 200)

    def test_the_body_is_required_where_the_price_depends_on_it(self):
        self.start({"tokens": "100/min"}, respond(answer_with(1, 1)))
        with self.weir.connect() as client:
            body = chat(5000)
            client.send(f"POST {CHAT} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode())
            client._until(b"\r\n\r\n")
            client.send(body)
            self.assertEqual(client.response().status, 200)


class RateFields(WeirTest):
    def start(self, limits, fields=()):
        self.backend = self.start_backend(lambda peer, request: peer.send(reply(
            answer_with(10, 20), "200 OK", [JSON, *fields])) or True)
        self.weir = self.start_weir(small_policy(self.backend.url, classes=[
            {"name": "everyone", "match": "any", "backend": "model", "limits": limits}]))

    def test_rate_fields_are_ours_where_there_is_a_limit(self):
        theirs = [("x-ratelimit-limit-tokens", "7"), ("X-RateLimit-Remaining-Requests", "7"), ("x-other", "7")]
        self.start({"requests": {"rate": "60/min", "burst": 60}, "tokens": "6000/min"}, theirs)
        answer = self.weir.request("POST", CHAT, [JSON], chat(100))
        self.assertEqual(answer.all("x-ratelimit-limit-requests"), ["60"])
        self.assertEqual(answer.all("x-ratelimit-remaining-requests"), ["59"])
        self.assertEqual(answer.all("x-ratelimit-limit-tokens"), ["6000"])
        self.assertEqual(answer.all("x-ratelimit-remaining-tokens"), ["5890"], "it is reserved until the answer's end")
        self.assertRegex(answer.get("x-ratelimit-reset-tokens"), r"^(1\.1|1\.0\d+|1)s$")
        self.assertEqual(answer.get("x-other"), "7")
        answer = self.weir.request("POST", CHAT, [JSON], chat(100))
        self.assertGreaterEqual(int(answer.get("x-ratelimit-remaining-tokens")), 5860, "10 and 20 were the truth")

    def test_rate_fields_are_the_backends_where_there_is_none(self):
        self.start({"concurrency": 5}, [("x-ratelimit-limit-tokens", "7")])
        answer = self.weir.request("POST", CHAT, [JSON], chat(100))
        self.assertEqual(answer.all("x-ratelimit-limit-tokens"), ["7"])
        self.assertIsNone(answer.get("x-ratelimit-limit-requests"))

    def test_rate_fields_have_anthropics_names_and_instants_in_its_dialect(self):
        self.start({"per_client": {"tokens": {"input": "600/min", "output": {"rate": "60/min", "burst": 50}}}},
                   [("anthropic-ratelimit-tokens-limit", "7")])
        self.assertEqual(self.weir.request("POST", MESSAGES, [JSON], chat(50)).status, 200)
        answer = self.weir.request("POST", MESSAGES, [JSON], chat(50))
        self.assertEqual(answer.status, 429)
        self.assertEqual(json.loads(answer.body)["error"]["type"], "rate_limit_error")
        self.assertIsNone(answer.get("anthropic-ratelimit-tokens-limit"))
        self.assertEqual(answer.get("anthropic-ratelimit-input-tokens-limit"), "600")
        self.assertEqual(answer.get("anthropic-ratelimit-output-tokens-limit"), "50")
        self.assertAlmostEqual(int(answer.get("anthropic-ratelimit-output-tokens-remaining")), 30, delta=2)
        reset = datetime.datetime.fromisoformat(answer.get("anthropic-ratelimit-output-tokens-reset"))
        ahead = (reset - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        self.assertTrue(10 < ahead < 25, ahead)
        self.assertIsNone(answer.get("x-ratelimit-limit-tokens"))

    def test_rate_fields_are_not_on_answers_without_a_rate(self):
        self.start({"requests": "60/min"})
        self.assertIsNone(self.weir.request("GET", "/v1/models").get("x-ratelimit-limit-requests"))


if __name__ == "__main__":
    unittest.main()

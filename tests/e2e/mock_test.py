#!/usr/bin/env python3
"""`weir mock-backend` as its clients see it. WEIR_BINARY names the binary; WEIR_TEST_SLOW stretches deadlines."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from support.waiting import SLOW, eventually

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEIR_BINARY", str(ROOT / "build/dev/proxy/weir"))


class MockTest(unittest.TestCase):
    options = ()

    def setUp(self):
        self.process = subprocess.Popen([BINARY, "mock-backend", "--listen", "127.0.0.1:0", *self.options],
                                        stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        ready = re.fullmatch(r"ready: mock-backend (127\.0\.0\.1):(\d+)\n", self.process.stdout.readline())
        self.assertTrue(ready)
        self.address = (ready[1], int(ready[2]))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10 * SLOW)
        self.process.stdout.close()
        self.assertEqual(code, 0)

    def connect(self):
        client = http.client.HTTPConnection(*self.address, timeout=30 * SLOW)
        self.addCleanup(client.close)
        return client

    def ask(self, path, body, client=None, headers=()):
        client = client or self.connect()
        payload = body if isinstance(body, (bytes, str)) else json.dumps(body)
        client.request("POST", path, payload, {"Content-Type": "application/json", **dict(headers)})
        return client.getresponse()

    def get(self, path):
        client = self.connect()
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode()

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)}\{{[^}}]*\}} (\S+)$", self.get("/metrics")[1], re.M)
        self.assertTrue(found, name)
        return float(found[1])

    def eventually(self, predicate, message):
        self.assertTrue(eventually(predicate), message)


def chat(tokens=8, **more):
    return {"model": "m", "messages": [{"role": "user", "content": "one two three"}], "max_tokens": tokens, **more}


def events_of(answer):
    """(name, data) of each event of a stream; ends with the stream."""
    name = None
    for line in answer:
        line = line.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, line[6:] if line == "data: [DONE]" else json.loads(line[6:])
            name = None


class Api(MockTest):
    options = ("--speed", "20")

    def test_a_chat_stream_has_exactly_the_tokens_asked_for(self):
        answer = self.ask("/v1/chat/completions", chat(50, stream=True))
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.getheader("Content-Type").startswith("text/event-stream"))
        events = [data for _, data in events_of(answer)]
        self.assertEqual(events[-1], "[DONE]")
        deltas = [event["choices"][0]["delta"] for event in events[:-1]]
        self.assertEqual(deltas[0]["role"], "assistant")
        self.assertEqual(sum(bool(delta.get("content")) for delta in deltas), 50)
        self.assertEqual(events[-2]["choices"][0]["finish_reason"], "length")

    def test_each_event_is_one_chunk(self):
        body = json.dumps(chat(3, stream=True)).encode()
        with socket.create_connection(self.address, 10 * SLOW) as client, client.makefile("rb") as stream:
            client.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            while stream.readline().strip():
                pass
            chunks = []
            while size := int(stream.readline(), 16):
                chunks.append(stream.read(size))
                self.assertEqual(stream.read(2), b"\r\n")
            self.assertEqual(stream.read(2), b"\r\n")
        self.assertEqual(len(chunks), 9)
        for chunk in chunks:
            self.assertRegex(chunk, rb"\Aevent: \w+\ndata: [^\n]*\n\n\Z")

    def test_requests_that_come_before_their_turn_wait_for_it(self):
        body = json.dumps(chat(5, stream=True)).encode()
        one = b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        with socket.create_connection(self.address, 10 * SLOW) as client:
            client.sendall(one)
            received = client.recv(65536)
            client.sendall(one * 2)
            while received.count(b"0\r\n\r\n") < 3:
                data = client.recv(65536)
                self.assertTrue(data, received)
                received += data
        self.assertEqual(received.count(b"HTTP/1.1 200 OK"), 3)
        self.assertEqual(received.count(b"message_stop"), 6)

    def test_usage_ends_the_stream_when_it_is_asked_for(self):
        answer = self.ask("/v1/chat/completions", chat(5, stream=True, stream_options={"include_usage": True}))
        *_, usage, done = [data for _, data in events_of(answer)]
        self.assertEqual(done, "[DONE]")
        self.assertEqual(usage["choices"], [])
        self.assertEqual(usage["usage"], {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8})

    def test_a_document_has_its_tokens_and_usage(self):
        body = json.load(self.ask("/v1/chat/completions", chat(12)))
        self.assertEqual(len(body["choices"][0]["message"]["content"].split()), 12)
        self.assertEqual(body["usage"]["total_tokens"], 15)
        body = json.load(self.ask("/v1/completions", {"model": "m", "prompt": "a b", "max_tokens": 4}))
        self.assertEqual(len(body["choices"][0]["text"].split()), 4)
        self.assertEqual(body["usage"]["prompt_tokens"], 2)

    def test_a_completion_streams_text(self):
        answer = self.ask("/v1/completions", {"model": "m", "prompt": "a", "max_tokens": 6, "stream": True})
        events = [data for _, data in events_of(answer)]
        self.assertEqual(sum(bool(event["choices"][0]["text"]) for event in events[:-1]), 6)

    def test_messages_stream_as_anthropic_has_it(self):
        answer = self.ask("/v1/messages", chat(3, stream=True))
        events = list(events_of(answer))
        self.assertEqual([name for name, _ in events],
                         ["message_start", "content_block_start", "ping", *["content_block_delta"] * 3,
                          "content_block_stop", "message_delta", "message_stop"])
        self.assertEqual(events[0][1]["message"]["usage"]["input_tokens"], 3)
        self.assertEqual(events[-2][1]["usage"]["output_tokens"], 3)
        body = json.load(self.ask("/v1/messages", chat(3)))
        self.assertEqual(body["usage"], {"input_tokens": 3, "output_tokens": 3})

    def test_a_connection_serves_one_request_after_the_other(self):
        client = self.connect()
        for _ in range(3):
            self.assertEqual(len(list(events_of(self.ask("/v1/chat/completions", chat(2, stream=True), client)))), 5)
            self.assertEqual(json.load(self.ask("/v1/chat/completions", chat(2), client))["usage"]["total_tokens"], 5)

    def test_chunked_and_large_bodies_are_read(self):
        text = json.dumps(chat(1, padding="x" * (2 << 20))).encode()
        client = self.connect()
        client.request("POST", "/v1/chat/completions", iter([text[:10], text[10:]]), encode_chunked=True)
        self.assertEqual(client.getresponse().status, 200)
        self.assertEqual(self.ask("/v1/chat/completions", text).status, 200)

    def test_a_body_over_the_bound_is_refused(self):
        with socket.create_connection(self.address, 10 * SLOW) as client:
            client.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n")
            self.assertIn(b" 413 ", client.recv(100))

    def test_expectations_are_met(self):
        with socket.create_connection(self.address, 10 * SLOW) as client:
            client.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(client.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.sendall(b"{}")
            self.assertIn(b" 400 ", client.recv(100))

    def test_a_client_of_http_1_0_gets_no_chunks(self):
        body = json.dumps(chat(2, stream=True)).encode()
        with socket.create_connection(self.address, 10 * SLOW) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        head, _, content = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head)
        self.assertTrue(content.startswith(b"data: ") and content.endswith(b"data: [DONE]\n\n"), content)

    def test_mistakes_are_named_in_the_callers_dialect(self):
        answer = self.ask("/v1/chat/completions", "{bad")
        self.assertEqual(answer.status, 400)
        self.assertEqual(json.load(answer)["error"]["type"], "invalid_request_error")
        answer = self.ask("/v1/chat/completions", {"model": "m"})
        self.assertEqual((answer.status, json.load(answer)["error"]["param"]), (400, "messages"))
        answer = self.ask("/v1/messages", {"model": "m", "messages": [{"role": "user", "content": "x"}]})
        self.assertEqual((answer.status, json.load(answer)["error"]["type"]), (400, "invalid_request_error"))
        answer = self.ask("/v1/chat/completions", chat(900_000))
        self.assertEqual((answer.status, json.load(answer)["error"]["code"]), (400, "context_length_exceeded"))
        self.assertEqual(self.ask("/v1/nothing", {}).status, 404)
        self.assertEqual(self.get("/v1/chat/completions")[0], 405)

    def test_pages(self):
        self.assertEqual(self.get("/health")[0], 200)
        self.assertEqual(json.loads(self.get("/v1/models")[1])["data"][0]["object"], "model")
        json.load(self.ask("/v1/chat/completions", chat(4)))
        for name, value in {
            "vllm:num_requests_running": 0, "vllm:num_requests_waiting": 0, "vllm:gpu_cache_usage_perc": 0,
            "vllm:kv_cache_usage_perc": 0, "vllm:num_preemptions_total": 0, "vllm:prompt_tokens_total": 3,
            "vllm:generation_tokens_total": 4, "vllm:request_success_total": 1,
            "vllm:time_to_first_token_seconds_count": 1, "vllm:cache_config_info": 1,
            "weir_mock_cancelled_total": 0, "weir_mock_max_running": 1,
        }.items():
            self.assertEqual(self.metric(name), value, name)


class Load(MockTest):
    def timed_stream(self, tokens):
        started = time.monotonic()
        count = sum(data != "[DONE]" and bool(data["choices"][0]["delta"].get("content"))
                    for _, data in events_of(self.ask("/v1/chat/completions", chat(tokens, stream=True))))
        self.assertEqual(count, tokens)
        return time.monotonic() - started

    def test_a_hundred_streams_slow_each_other_down(self):
        alone = self.timed_stream(20)
        times = []
        threads = [threading.Thread(target=lambda: times.append(self.timed_stream(20))) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(times), 100)
        # 16 slots: the last run in the seventh batch, and each batch is slower than one request alone.
        self.assertGreater(max(times), 5 * alone)
        self.assertEqual(self.metric("weir_mock_max_running"), 16)
        self.assertEqual(self.metric("vllm:request_success_total"), 101)

    def test_a_client_that_leaves_frees_its_slot(self):
        clients = [socket.create_connection(self.address, 10 * SLOW) for _ in range(20)]
        for i, client in enumerate(clients):
            body = json.dumps(chat(1000, stream=i % 2 == 0)).encode()
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.eventually(lambda: self.metric("vllm:num_requests_running") == 16, "the batch does not fill")
        self.assertEqual(self.metric("vllm:num_requests_waiting"), 4)
        for client in clients:
            client.close()
        self.eventually(lambda: self.metric("vllm:num_requests_running") == 0, "slots are still held")
        self.assertEqual(self.metric("vllm:num_requests_waiting"), 0)
        self.assertEqual(self.metric("vllm:kv_cache_usage_perc"), 0)
        self.assertEqual(self.metric("weir_mock_cancelled_total"), 20)


class Fast(MockTest):
    options = ("--preset", "h100-8b", "--speed", "1000")

    def resident(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_a_client_that_does_not_read_costs_no_memory_and_misses_nothing(self):
        tokens = 100_000  # some 20 MB of events, far more than the kernel's buffers hold
        body = json.dumps(chat(tokens, stream=True)).encode()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            client.settimeout(30 * SLOW)
            client.connect(self.address)
            before = self.resident()
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            self.eventually(lambda: self.metric("vllm:request_success_total") == 1, "the engine did not finish")
            self.assertLess(self.resident() - before, 12 << 20)  # a sanitizer keeps some of the freed memory
            received, tail = 0, b""
            while not tail.endswith(b"0\r\n\r\n"):
                data = client.recv(1 << 16)
                self.assertTrue(data, "the stream was cut")
                received += (tail[-20:] + data).count(b'"content":') - tail[-20:].count(b'"content":')
                tail = (tail + data)[-64:]
        self.assertEqual(received, tokens + 1)  # and the opening's empty one


class Priority(MockTest):
    options = ("--slots", "1", "--queue", "priority")

    def test_the_engine_queue_obeys_the_field_priority(self):
        order = []

        def run(priority):
            self.ask("/v1/chat/completions", chat(20, priority=priority)).read()
            order.append(priority)

        threads = []
        for waiting, priority in enumerate((0, 5, 1)):
            threads.append(threading.Thread(target=run, args=(priority,)))
            threads[-1].start()
            self.eventually(lambda: self.metric("vllm:num_requests_waiting") == waiting and
                            self.metric("vllm:num_requests_running") == 1, "the queue does not form")
        for thread in threads:
            thread.join()
        self.assertEqual(order, [0, 1, 5])


class CommandLine(unittest.TestCase):
    def run_mock(self, *arguments):
        return subprocess.run([BINARY, "mock-backend", *arguments], capture_output=True, text=True, timeout=10 * SLOW)

    def test_a_taken_address_is_an_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.run_mock("--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot listen on", done.stderr)

    def test_wrong_options_are_errors(self):
        for arguments in (("--preset", "x"), ("--listen", "8000"), ("--listen", "127.0.0.1:x"), ("--speed", "0"),
                          ("--slots", "512")):
            self.assertNotEqual(self.run_mock(*arguments).returncode, 0, arguments)


if __name__ == "__main__":
    unittest.main()

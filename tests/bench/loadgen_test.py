"""bench_loadgen against its own backend, and against servers that misbehave."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import unittest

from support.waiting import pause

LOADGEN = os.environ.get("BENCH_LOADGEN", "")


def load(*arguments):
    """The output of one run: its lines, and its result."""
    done = subprocess.run([LOADGEN, "--warmup", "0.1", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    return done, lines, json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None


def event(number):
    data = f'data: {{"n":1{number:09},"t":1000000000000000000,"choices":[{{"index":0,"delta":{{"content":"x"}}}}]}}\n\n'
    return f"{len(data):x}\r\n{data}\r\n"


class Tampering:
    """A server that answers each connection with the same bytes."""

    def __init__(self, answer):
        self.answer, self.listener = answer.encode(), socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Slow(Tampering):
    """Answers each request on its connection, but only after `pause` seconds."""

    def __init__(self, pause):
        self.pause = pause
        super().__init__("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer_all, args=(connection,), daemon=True).start()

    def answer_all(self, connection):
        with connection, contextlib.suppress(OSError):  # the client has left
            while connection.recv(65536):
                pause(self.pause)
                connection.sendall(self.answer)


STREAM = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
END = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


@unittest.skipUnless(LOADGEN, "BENCH_LOADGEN names the program")
class Loadgen(unittest.TestCase):
    def test_requests_are_answered_and_counted(self):
        for mode in ("get", "post"):
            _, lines, result = load("--mode", mode, "--backend-listen", "127.0.0.1:0", "--seconds", 0.3)
            self.assertRegex(lines[0], r"^backend 127\.0\.0\.1:\d+$")
            self.assertGreater(result["requests"], 100)
            self.assertEqual(result["errors"], 0)
            self.assertGreaterEqual(result["latency_us"]["p99"], result["latency_us"]["p50"])

    def test_counting_goes_on_until_every_connection_has_been_answered(self):
        # A single answer takes longer than the time that is asked for.
        with Slow(0.3) as server:
            _, _, result = load("--mode", "get", "--target", server.address, "--connections", 2, "--seconds", 0.05)
        self.assertEqual((result["settled"], result["errors"]), (True, 0))
        self.assertGreaterEqual(result["requests"], 2)
        self.assertGreater(result["seconds"], 0.1)

    def test_connections_that_are_not_answered_in_time_are_reported(self):
        with Slow(1) as server:
            _, _, result = load("--mode", "get", "--target", server.address, "--connections", 2, "--seconds", 0.05, "--settle", 0.1)
        self.assertFalse(result["settled"])

    def test_streams_are_whole_and_cancellations_counted(self):
        _, _, result = load("--mode", "sse", "--backend-listen", "127.0.0.1:0", "--seconds", 0.6, "--streams", 40,
                            "--event-ms", 10, "--cancel", 20)
        self.assertEqual((result["completed"], result["cancellations_seen"], result["errors"]), (20, 20, 0))
        self.assertEqual((result["most_open"], result["left_open"]), (40, 0))
        self.assertGreater(result["events"], 1000)

    def test_idle_connections_are_held(self):
        _, lines, result = load("--mode", "idle", "--backend-listen", "127.0.0.1:0", "--seconds", 0.2, "--connections", 100)
        self.assertIn("holding 100", lines)
        self.assertEqual((result["held"], result["errors"]), (100, 0))

    def streamed(self, answer):
        with Tampering(answer) as server:
            return load("--mode", "sse", "--target", server.address, "--streams", 1, "--seconds", 0.2)[2]

    def test_a_lost_or_reordered_event_is_an_error(self):
        whole = self.streamed(STREAM + event(0) + event(1) + END)
        self.assertEqual((whole["completed"], whole["errors"], whole["events"]), (1, 0, 2))
        for events in (event(0) + event(2), event(1) + event(0), event(0) + event(0)):
            broken = self.streamed(STREAM + events + END)
            self.assertEqual((broken["completed"], broken["errors"]), (0, 1), events)
            self.assertIn("expected event", broken["first_error"])

    def test_a_stream_that_is_cut_off_is_an_error_however_it_ends(self):
        self.assertIn("connection lost", self.streamed(STREAM + event(0))["first_error"])
        self.assertIn("without its last event", self.streamed(STREAM + event(0) + "0\r\n\r\n")["first_error"])

    def test_refusals_are_errors_and_quoted(self):
        with Tampering("HTTP/1.1 503 No\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfull") as server:
            done, _, _ = load("--mode", "get", "--target", server.address, "--seconds", 30, "--connections", 4)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the first: status 503: full", done.stderr)

    def test_usage_errors_say_what_is_wrong(self):
        for arguments, words in ((["--mode", "put"], "--mode"), (["--target", "here"], "'here'"), ([], "nothing to measure"),
                                 (["--seconds", "x"], "--seconds"), (["--frobnicate", "1"], "--frobnicate")):
            done = subprocess.run([LOADGEN, *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()

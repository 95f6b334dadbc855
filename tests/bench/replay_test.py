"""The clients against a server of a few lines, with real sockets on a port of the kernel's choice."""

import asyncio
import re
import unittest

from weirbench.replay import Player
from weirbench.trace import Request


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = HEAD + chunk(ROLE) + chunk(TOKEN) + chunk(TOKEN) + chunk(DONE) + b"0\r\n\r\n"


def refusal(status, *headers):
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status} No\r\ncontent-length: 2\r\n{lines}\r\n{{}}".encode()


class Server:
    """Answers the n-th request with the n-th of `answers`, then the last one always. None: never answers."""

    def __init__(self, *answers, pieces=False, close_after=False):
        self.answers, self.pieces, self.close_after = list(answers), pieces, close_after
        self.heads, self.connections = [], 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.address = self.server.sockets[0].getsockname()[:2]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
                answer = self.answers[min(len(self.heads), len(self.answers) - 1)]
                self.heads.append(head.decode())
                if answer is None:
                    await reader.read()
                    return
                for i in range(0, len(answer), 1 if self.pieces else len(answer)):
                    writer.write(answer[i:i + 1] if self.pieces else answer)
                    await writer.drain()
                    if self.pieces:
                        await asyncio.sleep(0)
                if self.close_after:
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


def play(server, requests=1, **options):
    async def run():
        async with server:
            player = Player(server.address, {"a": "key-of-a"}, **{"drain_s": 5, **options})
            # Far enough apart for one to end before the next, even on a busy machine.
            return await player.play([Request(0.3 * i, 3, 2, "a") for i in range(requests)])

    return asyncio.run(run())


class Play(unittest.TestCase):
    def test_a_whole_stream_is_served_and_its_first_token_timed(self):
        server = Server(WHOLE)
        outcome = play(server)[0]
        self.assertEqual((outcome.kind, outcome.attempts), ("served", 1))
        self.assertLess(outcome.first_token_s, 5)
        self.assertIn("authorization: Bearer key-of-a", server.heads[0])
        self.assertIn("x-stainless-retry-count: 0", server.heads[0])

    def test_it_reads_answers_that_arrive_byte_by_byte(self):
        self.assertEqual(play(Server(WHOLE, pieces=True))[0].kind, "served")

    def test_connections_are_reused(self):
        server = Server(WHOLE)
        self.assertEqual([o.kind for o in play(server, requests=3)], ["served"] * 3)
        self.assertEqual(server.connections, 1)

    def test_a_refusal_is_tried_again_after_the_advised_wait(self):
        server = Server(refusal(503, "retry-after-ms: 30", "x-weir-decision: queue_full"), WHOLE)
        outcome = play(server)[0]
        self.assertEqual((outcome.kind, outcome.attempts), ("served", 2))
        self.assertEqual(outcome.refused_attempts, {"queue_full": 1})
        self.assertGreaterEqual(outcome.first_token_s, 0.03)
        self.assertIn("x-stainless-retry-count: 1", server.heads[1])

    def test_three_refusals_are_a_refusal_with_its_reason(self):
        outcome = play(Server(refusal(529, "retry-after-ms: 1", "x-weir-decision: displaced")))[0]
        self.assertEqual((outcome.kind, outcome.reason, outcome.attempts), ("refused", "displaced", 3))

    def test_a_server_without_reasons_is_known_by_its_status(self):
        outcome = play(Server(refusal(503, "x-should-retry: false")))[0]
        self.assertEqual((outcome.kind, outcome.reason, outcome.attempts), ("refused", "status 503", 1))

    def test_a_stream_cut_off_is_a_failure_and_not_tried_again(self):
        outcome = play(Server(HEAD + chunk(TOKEN), close_after=True))[0]
        self.assertEqual((outcome.kind, outcome.attempts), ("failed", 1))
        self.assertIn("connection lost", outcome.reason)

    def test_a_stream_that_ends_cleanly_without_done_is_a_failure(self):
        outcome = play(Server(HEAD + chunk(TOKEN) + b"0\r\n\r\n"))[0]
        self.assertEqual((outcome.kind, outcome.reason), ("failed", "the stream ended without [DONE]"))

    def test_an_error_in_the_stream_is_a_failure(self):
        body = chunk(TOKEN) + chunk(b'data: {"error":{"message":"no"}}\n\n') + b"0\r\n\r\n"
        self.assertEqual(play(Server(HEAD + body))[0].reason, "error in the stream")

    def test_a_client_leaves_when_no_token_comes(self):
        outcome = play(Server(None), give_up_after=0.05)[0]
        self.assertEqual((outcome.kind, outcome.reason, outcome.attempts), ("failed", "gave up waiting", 1))

    def test_a_request_that_has_not_ended_with_the_run_is_a_failure(self):
        outcome = play(Server(None), drain_s=0.05)[0]
        self.assertEqual((outcome.kind, outcome.reason), ("failed", "unfinished"))


if __name__ == "__main__":
    unittest.main()

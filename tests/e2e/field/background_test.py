"""A response that is made in the background holds what was taken for it until it has ended."""

import json
import unittest

from support.backend import reply
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import stays

JSON = ("Content-Type", "application/json")
RESPONSES = "/v1/responses"


class Model:
    """An engine that makes responses in the background, until they are marked as done."""

    def __init__(self):
        self.done = False
        self.asked = 0

    def describe(self, name):
        body = {"id": name, "object": "response", "status": "completed" if self.done else "in_progress"}
        if self.done:
            body["usage"] = {"input_tokens": 20, "output_tokens": 700, "total_tokens": 720}
        return json.dumps(body).encode()

    def __call__(self, peer, request):
        if request.method == "POST" and request.target == RESPONSES and json.loads(request.body).get("stream"):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            event = b'data: {"type":"response.created","response":' + self.describe("resp_1") + b"}\n\n"
            peer.send(head + b"%x\r\n%s\r\n" % (len(event), event))
            peer.wait_until_closed(10)
            return False
        self.asked += request.method == "GET"
        peer.send(reply(self.describe("resp_1"), fields=[("Content-Type", "application/json")]))
        return True


class Background(WeirTest):
    def start(self, poll="0s", tokens=None):
        self.model = Model()
        self.backend = self.start_backend(self.model)
        limits = {"limits": {"concurrency": 1, **({"tokens": tokens} if tokens else {})}}
        self.weir = self.start_weir(small_policy(
            self.backend.url, backend={"video": {"poll": poll}}, classes=[{"name": "all", "match": "any", "backend": "model", **limits}]))

    def post(self, **body):
        return self.weir.request("POST", RESPONSES, [JSON], json.dumps({"model": "m", "input": "x", "max_output_tokens": 900, **body}).encode())

    def test_it_counts_against_concurrency_until_an_answer_says_that_it_is_over(self):
        self.start()
        self.assertEqual(self.post(background=True).status, 200)
        self.assertTrue(stays(lambda: self.weir.inflight() == 1))
        self.assertEqual(self.post().status, 429)
        self.assertEqual(self.weir.request("GET", RESPONSES + "/resp_1").status, 200, "it may be asked about")
        self.assertEqual(self.weir.inflight(), 1)
        self.model.done = True
        self.assertEqual(self.weir.request("GET", RESPONSES + "/resp_1").status, 200)
        self.assert_soon_equal(lambda: self.weir.inflight(), 0)
        self.assertEqual(self.post().status, 200)

    def test_weir_polls_whether_it_is_over(self):
        self.start(poll="100ms")
        self.assertEqual(self.post(background=True).status, 200)
        self.eventually(lambda: self.model.asked >= 2)
        self.assertEqual(self.weir.inflight(), 1)
        self.model.done = True
        self.assert_soon_equal(lambda: self.weir.inflight(), 0)

    def test_it_is_charged_what_it_has_used(self):
        self.start(poll="100ms", tokens={"output": {"rate": "1/h", "burst": 1000}})
        self.assertEqual(self.post(background=True).status, 200)
        self.model.done = True
        self.assert_soon_equal(lambda: self.weir.inflight(), 0)
        left = self.post(max_output_tokens=1).get("x-ratelimit-remaining-tokens")
        self.assertIn(int(left), range(290, 301))

    def test_one_whose_stream_the_client_leaves_goes_on(self):
        self.start()
        client = self.client(self.weir)
        body = json.dumps({"model": "m", "background": True, "stream": True}).encode()
        client.send(b"POST /v1/responses HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body))
        client._until(b"response.created")
        client.reset()
        self.assertTrue(stays(lambda: self.weir.inflight() == 1))
        self.assert_soon_equal(lambda: self.weir.count("weir_video_jobs"), 1)
        self.model.done = True
        self.weir.request("GET", RESPONSES + "/resp_1")
        self.assert_soon_equal(lambda: self.weir.inflight(), 0)


if __name__ == "__main__":
    unittest.main()

"""Video jobs: each holds a slot until it is over; polling and fetching them is never delayed."""

import json
import unittest

from support.backend import reply
from support.mock import Mock
from support.policy import small_policy
from support.process import WeirTest
from support.waiting import stays

JSON = ("Content-Type", "application/json")
VIDEOS = "/v1/videos"


def job_body(seconds=4, size="720x1280"):
    return json.dumps({"model": "sora-2", "prompt": "a river", "seconds": str(seconds), "size": size}).encode()


class Jobs(WeirTest):
    def start(self, speed=10, capacity=1, **options):
        self.mock = Mock("--speed", str(speed))
        self.addCleanup(self.mock.stop)
        classes = [{"name": "everyone", "match": "any", "backend": "model", "queue_timeout": "20s",
                    **options.pop("cls", {})}]
        self.weir = self.start_weir(small_policy(self.mock.url, capacity=capacity, classes=classes, **options))

    def create(self, **options):
        return self.weir.request("POST", VIDEOS, [JSON], job_body(**options))

    def get(self, job, rest=""):
        return self.weir.request("GET", f"{VIDEOS}/{job}{rest}")

    def status(self, job):
        return json.loads(self.get(job).body)["status"]

    def test_a_job_holds_its_slot_until_an_answer_says_that_it_is_over(self):
        self.start(backend={"video": {"poll": "0s"}})
        answer = self.create()
        self.assertEqual(answer.status, 200)
        job = json.loads(answer.body)["id"]
        self.assert_soon_equal(lambda: self.weir.inflight(), 1)
        self.eventually(lambda: self.weir.count("weir_video_jobs") == 1)
        waiting = self.client(self.weir)
        waiting.send(f"POST {VIDEOS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(job_body())}\r\n\r\n".encode() + job_body())
        self.eventually(lambda: self.weir.waiting() == 1)
        # Without a poll the slot stays held, though the video may be ready.
        self.assertTrue(stays(lambda: (self.weir.inflight(), self.weir.waiting()) == (1, 1), during=1))
        self.eventually(lambda: self.status(job) == "completed")
        self.assertEqual(waiting.response().status, 200)
        content = self.get(job, "/content")
        self.assertEqual((content.status, content.get("content-type")), (200, "video/mp4"))
        self.assertEqual(len(content.body), 4096)

    def test_polling_is_never_delayed_by_creating(self):
        self.start(speed=0.1)
        job = json.loads(self.create().body)["id"]
        clients = [self.client(self.weir) for _ in range(5)]
        for client in clients:
            client.send(f"POST {VIDEOS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(job_body())}\r\n\r\n".encode() + job_body())
        self.eventually(lambda: self.weir.waiting() == 5)
        for _ in range(20):
            self.assertEqual(self.get(job).status, 200)
        self.eventually(lambda: any(line["reason"] == "exempt" for line in self.weir.access_log()))
        self.assert_soon_equal(lambda: self.weir.waiting(), 5)
        gone = self.weir.request("DELETE", f"{VIDEOS}/{job}")
        self.assertEqual(gone.status, 200)
        self.eventually(lambda: self.weir.waiting() == 4, "the slot of what was deleted is free")
        for client in clients:
            client.close()

    def test_only_polls_bypass_the_queue(self):
        self.start(cls={"limits": {"concurrency": 1}})
        self.assertEqual(self.create().status, 200)
        for target in (VIDEOS, f"{VIDEOS}/x/remix", f"{VIDEOS}/x/content"):
            self.assertEqual(self.weir.request("POST", target, [JSON], job_body()).status, 429, target)
        self.assertEqual(self.weir.request("HEAD", f"{VIDEOS}/x").status, 404)

    def test_a_job_that_is_never_polled_ends_at_its_deadline(self):
        self.start(speed=0.1, backend={"timeouts": {"job": "500ms"}})
        self.assertEqual(self.create().status, 200)
        self.assert_soon_equal(lambda: self.weir.inflight(), 1)
        self.assert_idle(self.weir)
        self.assert_soon_equal(lambda: self.weir.count("weir_video_jobs"), 0)
        self.assertEqual(self.create().status, 200)

    def test_videos_are_priced_in_seconds_at_their_size(self):
        self.start(speed=1000, capacity=8, cls={"limits": {"video": {"rate": "1/h", "burst": 30}}})
        self.assertEqual(self.create(seconds=8).status, 200)
        self.assertEqual(self.create(seconds=8, size="1024x1792").status, 200)
        refused = self.create(seconds=8)
        self.assertEqual((refused.status, refused.get("x-weir-decision")), (429, "class_video"))
        self.assertEqual(self.create(seconds=6).status, 200)

    def test_a_job_that_is_not_begun_costs_nothing(self):
        self.start(speed=1000, cls={"limits": {"video": {"rate": "1/h", "burst": 10}}})
        for _ in range(3):
            self.assertEqual(self.weir.request("POST", VIDEOS, [JSON], b'{"seconds":"8"}').status, 400)
        self.assert_idle(self.weir)
        self.assertEqual(self.create(seconds=8).status, 200)

    def test_polls_go_to_the_server_that_makes_the_video(self):
        def server(name):
            def answer(peer, request):
                job = json.dumps({"id": f"video_{name}", "status": "queued", "by": name}).encode()
                peer.send(reply(job, "200 OK", [JSON]))
                return True
            return answer
        backends = [self.start_backend(server(name)) for name in ("a", "b")]
        weir = self.start_weir(small_policy(*(b.url for b in backends), capacity=4))
        made = {json.loads(weir.request("POST", VIDEOS, [JSON], job_body()).body)["id"] for _ in range(2)}
        self.assertEqual(made, {"video_a", "video_b"})
        for _ in range(5):
            for name in ("a", "b"):
                answer = json.loads(weir.request("GET", f"{VIDEOS}/video_{name}").body)
                self.assertEqual(answer["by"], name)

    def polls(self, outcome):
        return self.weir.count("weir_video_polls_total", outcome=outcome)

    def test_a_job_that_no_client_polls_ends_when_it_is_over(self):
        self.start(backend={"video": {"poll": "100ms"}})
        self.assertEqual(self.create().status, 200)
        self.eventually(lambda: self.polls("running") > 0)
        self.assert_idle(self.weir)
        self.eventually(lambda: self.polls("over") == 1)
        self.assert_soon_equal(lambda: self.weir.count("weir_video_jobs"), 0)
        self.assertEqual(self.polls("failed"), 0)
        self.assertEqual(self.create().status, 200)

    def begin_at(self, polled):
        """A job at an endpoint that answers Weir's own polls like that."""
        def answer(peer, request):
            if request.method == "POST":
                peer.send(reply(b'{"id":"video_1","status":"queued"}', "200 OK", [JSON]))
                return True
            body, status = polled(request)
            peer.send(reply(body, status, [JSON]))
            return True
        backend = self.start_backend(answer)
        self.weir = self.start_weir(small_policy(backend.url, backend={"video": {"poll": "100ms"}}))
        self.assertEqual(self.weir.request("POST", VIDEOS, [JSON, ("Authorization", "Bearer secret")], job_body()).status, 200)
        return backend

    def test_a_job_that_is_gone_is_over(self):
        answers = iter([(b'{"id":"video_1","status":"in_progress"}', "200 OK"), (b"oops", "500 Oops"), (b"{}", "404 Not Found")])
        self.begin_at(lambda request: next(answers))
        self.assert_soon_equal(lambda: [self.polls(outcome) for outcome in ("running", "failed", "over")], [1, 1, 1])
        self.assert_idle(self.weir)

    def test_an_endpoint_that_does_not_answer_weir_changes_nothing(self):
        for status in ("401 Unauthorized", "404 Not Found", "200 OK"):
            with self.subTest(status):
                backend = self.begin_at(lambda request: (b"{}", status))
                self.assert_soon_equal(lambda: self.polls("failed"), 1)
                # Nor is it flooded: the next poll is a minute away.
                self.assertTrue(stays(lambda: self.polls("failed") == 1 and self.weir.count("weir_video_jobs") == 1, 0.3))
                self.assertEqual(self.weir.inflight(), 1)
                asked = [request for request in backend.requests if request.method == "GET"]
                self.assertEqual([request.target for request in asked], [f"{VIDEOS}/video_1"])
                self.assertIsNone(asked[0].get("authorization"))


if __name__ == "__main__":
    unittest.main()

"""What one endpoint made is asked of that endpoint: responses, files, batches."""

import json
import unittest

from support.backend import reply
from support.policy import small_policy
from support.process import WeirTest

JSON = [("Content-Type", "application/json")]


def storing(name):
    """An engine that numbers what it makes, and knows nothing else."""
    made = []

    def answer(peer, request):
        if request.method == "POST":
            body = json.loads(request.body)
            conversation = body.get("conversation")
            named = body.get("previous_response_id") or body.get("input_file_id") or (
                conversation["id"] if isinstance(conversation, dict) else conversation)
            below = request.target.split("/")[3:4]
            if {named, *below} - {None, *made}:
                peer.send(reply(b"{}", "404 Not Found"))
                return True
            made.append(f"{name}-{len(made)}")
            stored = {"id": made[-1], "object": "x"}
            if request.target.endswith("/complete"):
                stored = {"id": below[0], "object": "upload", "file": stored}
            text = json.dumps(stored)
            if body.get("stream"):
                text = f'data: {{"type":"response.created","response":{text}}}\n\n'
                peer.send(reply(text.encode(), fields=[("Content-Type", "text/event-stream")]))
            else:
                peer.send(reply(text.encode()))
        elif request.target.split("/")[3] not in made:
            peer.send(reply(b"{}", "404 Not Found"))
        elif request.target.startswith("/v1/batches/"):
            made.extend([f"{name}-output", f"{name}-error"])
            batch = {"id": request.target.split("/")[3], "output_file_id": made[-2], "error_file_id": made[-1]}
            peer.send(reply(json.dumps(batch).encode()))
        else:
            peer.send(reply(b"{}"))
        return True
    return answer


class Sticky(WeirTest):
    def start(self, **backend):
        engines = [self.start_backend(storing(name)) for name in ("one", "two", "three")]
        policy = small_policy(*(engine.url for engine in engines), backend={"sticky": {"ids": 100}, **backend})
        return engines, self.start_weir(policy)

    def post(self, weir, path, **body):
        return weir.request("POST", path, JSON, json.dumps(body).encode())

    def test_a_conversation_stays_where_it_began(self):
        engines, weir = self.start()
        for _ in range(4):
            previous = json.loads(self.post(weir, "/v1/responses", input="a").body)["id"]
            for _ in range(4):
                answer = self.post(weir, "/v1/responses", input="b", previous_response_id=previous)
                self.assertEqual(answer.status, 200)
                previous = json.loads(answer.body)["id"]
            self.assertEqual(weir.request("GET", f"/v1/responses/{previous}").status, 200)
            self.assertEqual(weir.request("GET", f"/v1/responses/{previous}/input_items").status, 200)
        self.assertTrue(all(engine.requests for engine in engines), "they are spread")
        self.assert_idle(weir)

    def test_a_streamed_response_can_be_continued(self):
        _, weir = self.start()
        for _ in range(4):
            event = self.post(weir, "/v1/responses", input="a", stream=True).body.decode()
            made = json.loads(event.split("data: ")[1])["response"]["id"]
            self.assertEqual(self.post(weir, "/v1/responses", input="b", previous_response_id=made).status, 200)

    def test_files_and_batches_are_where_they_were_made(self):
        _, weir = self.start()
        for _ in range(6):
            file = json.loads(self.post(weir, "/v1/files", purpose="batch").body)["id"]
            self.assertEqual(weir.request("GET", f"/v1/files/{file}/content").status, 200)
            batch = self.post(weir, "/v1/batches", input_file_id=file)
            self.assertEqual(batch.status, 200)
            self.assertEqual(weir.request("GET", f"/v1/batches/{json.loads(batch.body)['id']}").status, 200)

    def test_an_endpoint_that_cannot_answer_is_not_replaced_by_one_that_does_not_know(self):
        for mode, expected in (("503", 503), ("429", 429), ("reset", 502), ("down", 502)):
            with self.subTest(mode=mode):
                self.mode = {}
                engines = [self.start_backend(self.failing(name)) for name in ("one", "two")]
                policy = small_policy(*(engine.url for engine in engines),
                                      backend={"sticky": {"ids": 100}, "ejection": {"failures": 3}})
                weir = self.start_weir(policy)
                made = json.loads(self.post(weir, "/v1/responses", input="a").body)["id"]
                maker = made.split("-")[0]
                self.mode[maker] = mode
                for _ in range(6):
                    self.assertIn(weir.request("GET", f"/v1/responses/{made}").status, (expected, 503))
                    self.assertIn(self.post(weir, "/v1/responses", input="b", previous_response_id=made).status,
                                  (expected, 503))
                self.assert_idle(weir)

    def test_no_fallback_takes_what_it_cannot_know(self):
        engine, other = self.start_backend(storing("one")), self.start_backend(storing("two"))
        policy = small_policy(engine.url, backend={"sticky": {"ids": 100}, "fallback": "other"})
        policy["backends"].append({"name": "other", "endpoints": other.url, "capacity": {"requests": 8}})
        policy["backends"][0]["health"] = {"path": "/v1/files/x", "status": [200, 404], "every": "50ms",
                                           "timeout": "40ms", "fall": 1}
        policy["classes"][0]["when_down"] = "fail"
        weir = self.start_weir(policy)
        made = json.loads(self.post(weir, "/v1/responses", input="a").body)["id"]
        engine.stop()
        self.eventually(lambda: weir.count("weir_backend_up", backend="model") == 0)
        self.assertEqual(weir.request("GET", f"/v1/responses/{made}").status, 503)
        self.assertEqual(self.post(weir, "/v1/responses", input="new").status, 200, "what is new goes there")

    def failing(self, name):
        knows = storing(name)

        def answer(peer, request):
            mode = self.mode.get(name)
            if mode == "reset":
                return peer.reset()
            if mode == "down":
                return False
            if mode:
                peer.send(reply(b"{}", f"{mode} Busy"))
                return True
            return knows(peer, request)
        return answer

    def test_the_files_that_a_batch_has_written_are_where_it_ran(self):
        _, weir = self.start(balance="round_robin")
        for _ in range(4):
            batch = json.loads(self.post(weir, "/v1/batches").body)["id"]
            ended = json.loads(weir.request("GET", f"/v1/batches/{batch}").body)
            for member in ("output_file_id", "error_file_id"):
                for _ in range(4):
                    self.assertEqual(weir.request("GET", f"/v1/files/{ended[member]}/content").status, 200)

    def test_the_file_of_a_completed_upload_is_where_it_was_uploaded(self):
        _, weir = self.start(balance="round_robin")
        for _ in range(4):
            upload = json.loads(self.post(weir, "/v1/uploads").body)["id"]
            file = json.loads(self.post(weir, f"/v1/uploads/{upload}/complete").body)["file"]["id"]
            for _ in range(4):
                self.assertEqual(weir.request("GET", f"/v1/files/{file}").status, 200)

    def test_a_response_of_a_conversation_is_made_where_that_is(self):
        _, weir = self.start(balance="round_robin")
        for _ in range(4):
            made = json.loads(self.post(weir, "/v1/conversations").body)["id"]
            for conversation in (made, {"id": made}) * 2:
                answer = self.post(weir, "/v1/responses", input="a", conversation=conversation)
                self.assertEqual(answer.status, 200)

    def test_a_reload_forgets_nothing(self):
        _, weir = self.start()
        made = [json.loads(self.post(weir, "/v1/files", purpose="x").body)["id"] for _ in range(6)]
        weir.reload()
        self.assertEqual([weir.request("GET", f"/v1/files/{one}").status for one in made], [200] * 6)


if __name__ == "__main__":
    unittest.main()

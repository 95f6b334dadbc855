"""Pages in browsers: preflights cost nothing, and pages can read their refusals."""

import unittest

from support.backend import respond
from support.policy import small_policy
from support.process import WeirTest

CHAT = "/v1/chat/completions"
PAGE = ("Origin", "https://chat.example")
STRANGER = ("Origin", "https://evil.example")
ASKS = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type")]


class Pages(WeirTest):
    def start(self, cors, **options):
        self.backend = self.start_backend(respond(b"ok"))
        policy = small_policy(self.backend.url, classes=[{
            "name": "everyone", "match": "any", "backend": "model", "limits": {"requests": {"rate": "1/h", "burst": 1}}}], **options)
        if cors:
            policy["listeners"][0]["cors"] = cors
        return self.start_weir(policy)

    def preflight(self, weir, origin=PAGE):
        return weir.request("OPTIONS", CHAT, [origin, *ASKS])

    def test_a_preflight_is_answered_here_and_costs_no_rate(self):
        weir = self.start({"origins": ["https://other.example", "https://chat.example"]})
        with weir.connect() as client:
            for _ in range(5):
                answer = client.request("OPTIONS", CHAT, [PAGE, *ASKS])
                self.assertEqual((answer.status, answer.body, answer.get("content-length")), (204, b"", None))
        self.assertEqual(answer.get("access-control-allow-origin"), "https://chat.example")
        self.assertEqual(answer.get("access-control-allow-methods"), "POST")
        self.assertEqual(answer.get("access-control-allow-headers"), "authorization,content-type")
        self.assertEqual(answer.get("access-control-max-age"), "600")
        self.assertIn("Origin", answer.get("vary"))
        self.assertEqual(self.backend.requests, [])
        self.assertEqual(weir.request("POST", CHAT, [PAGE], b"{}").status, 200)
        self.assertIn("preflight", {line["reason"] for line in weir.access_log()})

    def test_a_page_can_read_that_it_was_refused_and_when_to_come_back(self):
        weir = self.start({"origins": ["https://chat.example"]})
        self.assertEqual(weir.request("POST", CHAT, [PAGE], b"{}").status, 200)
        answer = weir.request("POST", CHAT, [PAGE], b"{}")
        self.assertEqual((answer.status, answer.get("access-control-allow-origin")), (429, "https://chat.example"))
        exposed = {name.strip().lower() for name in answer.get("access-control-expose-headers").split(",")}
        ours = {name.lower() for name, _ in answer.fields if name.lower().startswith(("x-weir", "x-ratelimit", "retry", "x-request"))}
        self.assertEqual(ours - exposed, set())
        self.assertIn("x-weir-decision", ours)
        self.assertEqual(answer.get("vary"), "Origin")

    def test_other_origins_are_allowed_nothing(self):
        weir = self.start({"origins": ["https://chat.example"]})
        for answer in (self.preflight(weir, STRANGER), weir.request("POST", CHAT, [STRANGER], b"{}"),
                       weir.request("POST", CHAT, [STRANGER], b"{}"), weir.request("POST", CHAT, [], b"{}")):
            self.assertIsNone(answer.get("access-control-allow-origin"))
            self.assertIn("Origin", answer.get("vary"))
        self.assertEqual(len(self.backend.requests), 1)

    def test_an_answer_of_the_backend_keeps_its_own_header_or_gets_ours(self):
        weir = self.start({"origins": ["*"]}, mode="shadow")
        self.assertEqual(weir.request("POST", CHAT, [PAGE], b"{}").all("access-control-allow-origin"), ["*"])
        self.backend.answer = respond(fields=[("Access-Control-Allow-Origin", "https://own.example")])
        answer = weir.request("POST", CHAT, [PAGE], b"{}")
        self.assertEqual(answer.all("access-control-allow-origin"), ["https://own.example"])
        self.assertIsNone(answer.get("access-control-expose-headers"))

    def test_without_the_key_and_for_other_questions_the_backend_is_asked(self):
        weir = self.start(None)
        self.assertEqual((self.preflight(weir).status, len(self.backend.requests)), (200, 1))
        self.assertIsNone(weir.request("POST", CHAT, [PAGE], b"{}").get("vary"))
        weir = self.start({"origins": ["https://chat.example"]})
        self.assertEqual(weir.request("OPTIONS", CHAT, [PAGE]).status, 200)
        self.assertEqual([request.method for request in self.backend.requests], ["OPTIONS"])


if __name__ == "__main__":
    unittest.main()

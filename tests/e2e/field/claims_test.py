"""Fields by which some server would mistake a caller or its request for another: none passes."""

import unittest

from support.backend import respond
from support.process import SharedWeirTest
from support.wire import format_request

CLAIMS = """Proxy X-Original-URL X-Original-Host X-Rewrite-URL X-Host X-HTTP-Method X-HTTP-Method-Override X-Method-Override
    True-Client-IP Client-IP X-Client-IP X-Cluster-Client-IP CF-Connecting-IP CF-Connecting-IPv6 Fastly-Client-IP
    X-SSL-Client-CN X-SSL-Client-Verify SSL-Client-Cert X-Client-Cert X-Client-Cert-Chain Client-Cert X-ARR-ClientCert
    X-Real-IP X-Forwarded-User Forwarded""".split()
HINTS = """X-Dynamo-Request-Priority X-SMG-Priority X-LLM-D-Objective X-Gateway-Inference-Objective
    X-Gateway-Destination-Endpoint X-Data-Parallel-Rank X-Prefiller-Host-Port""".split()
OTHERS = ("X-Stainless-Arch", "X-Session-Id", "CF-Ray", "User-Agent", "X-Clients", "OpenAI-Project")


class Claims(SharedWeirTest):
    def passed(self, fields):
        self.ask(format_request("POST", "/v1/chat/completions", fields, b"{}"))
        return self.backend.wait_for(1)[0]

    def test_none_passes_in_any_spelling(self):
        for spell in (str, str.lower, str.upper, lambda name: name.replace("-", "_"), lambda name: name.lower().replace("-", "_", 1)):
            self.backend.requests.clear()
            names = [spell(name) for name in CLAIMS + HINTS]
            seen = self.passed([*[(name, "stolen") for name in names], *[(name, "kept") for name in OTHERS]])
            self.assertEqual([name for name, value in seen.fields if "stolen" in value], [])
            self.assertEqual([name for name, value in seen.fields if value == "kept"], list(OTHERS))

    def test_an_answer_may_have_such_names(self):
        self.backend.answer = respond(fields=[("X-Host", "node-3"), ("X-Weir-Class", "best")])
        answer = self.ask(format_request())
        self.assertEqual((answer.get("x-host"), answer.get("x-weir-class")), ("node-3", None))


if __name__ == "__main__":
    unittest.main()

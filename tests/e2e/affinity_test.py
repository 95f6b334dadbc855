"""`balance: prefix_affinity`: the turns of one conversation go to one endpoint, different ones are spread."""

import itertools
import json
import threading
import unittest

from support.backend import respond
from support.policy import small_policy
from support.process import WeirTest

JSON = [("Content-Type", "application/json")]
OK = respond(b"{}")


def turn(number, turns=1):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Question {number}"}]
    for i in range(1, turns):
        messages += [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": f"And {i}?"}]
    return {"model": "m", "messages": messages}


class Affinity(WeirTest):
    def start(self, *scripts, **backend):
        engines = [self.start_backend(script) for script in scripts]
        self.weir = self.start_weir(small_policy(*(engine.url for engine in engines), backend={
            "balance": "prefix_affinity", "slow_start": "0s", **backend}))
        return engines

    def ask(self, body, path="/v1/chat/completions", headers=()):
        answer = self.weir.request("POST", path, [*JSON, *headers], json.dumps(body).encode())
        self.assertEqual(answer.status, 200)

    def homes(self, engines, bodies, path="/v1/chat/completions", headers=lambda i: ()):
        """For each body, the engine that got it."""
        found = []
        for i, body in enumerate(bodies):
            before = [len(engine.requests) for engine in engines]
            self.ask(body, path, headers(i))
            found.append(next(i for i, engine in enumerate(engines) if len(engine.requests) > before[i]))
        return found

    def test_a_conversation_stays_and_others_are_spread(self):
        engines = self.start(OK, OK, OK)
        first = self.homes(engines, [turn(i) for i in range(30)])
        self.assertEqual(set(first), {0, 1, 2})
        for turns in (2, 5):
            self.assertEqual(self.homes(engines, [turn(i, turns) for i in range(30)]), first)

    def test_the_other_apis_have_conversations_too(self):
        engines = self.start(OK, OK, OK)
        for path, body in {
            "/v1/messages": lambda i, n: {"max_tokens": 9, "system": "a", "messages": turn(i, n)["messages"][1:]},
            "/v1/responses": lambda i, n: {"instructions": "a", "input": turn(i, n)["messages"][1:]},
            "/v1/completions": lambda i, n: {"prompt": f"{i}" + "a" * 1500 + "b" * n},
        }.items():
            first = self.homes(engines, [body(i, 1) for i in range(20)], path)
            self.assertEqual(set(first), {0, 1, 2}, path)
            self.assertEqual(self.homes(engines, [body(i, 3) for i in range(20)], path), first, path)

    def test_only_the_conversations_of_an_endpoint_that_is_down_move(self):
        engines = self.start(OK, OK, OK, ejection={"duration": "60s"})
        first = self.homes(engines, [turn(i) for i in range(60)])
        engines[0].stop()
        for i in range(60):
            self.ask(turn(i, 2))

        # What fails at once counts as load, so that not all that prefer it are sent there.
        def is_ejected():
            self.ask(turn(next(others)))
            return self.weir.count("weir_backend_up", endpoint=engines[0].url) == 0
        others = itertools.count(100)
        self.eventually(is_ejected)
        moved = self.homes(engines[1:], [turn(i, 3) for i in range(60)])
        self.assertEqual([home + 1 for home, former in zip(moved, first) if former != 0],
                         [former for former in first if former != 0])
        self.assertEqual({home for home, former in zip(moved, first) if former == 0}, {0, 1})

    def test_one_popular_conversation_is_spread_before_it_waits(self):
        release = threading.Event()

        def hold(peer, request):
            release.wait(30)
            return OK(peer, request)
        engines = self.start(hold, hold, hold, capacity={"requests": 4})
        asking = [threading.Thread(target=self.ask, args=(turn(1),)) for _ in range(12)]
        for one in asking:
            one.start()
        self.eventually(lambda: [len(engine.requests) for engine in engines] == [4, 4, 4])
        release.set()
        for one in asking:
            one.join()

    def test_a_header_names_conversations_that_begin_alike(self):
        engines = self.start(OK, OK, OK, affinity={"header": "X-Conversation-Id"})
        alike = [turn(0) for _ in range(30)]
        named = lambda i: [("x-conversation-id", f"talk-{i}")]  # noqa: E731
        first = self.homes(engines, alike, headers=named)
        self.assertEqual(set(first), {0, 1, 2})
        self.assertEqual(self.homes(engines, [turn(i) for i in range(30)], headers=named), first)
        self.assertEqual(self.homes(engines, alike, "/other", headers=named), first, "a body that is not read")
        self.assertEqual(len(set(self.homes(engines, alike))), 1, "without the header it is the prompt that counts")

    def test_two_processes_agree(self):
        engines = self.start(OK, OK, OK)
        first = self.homes(engines, [turn(i) for i in range(12)])
        self.weir = self.start_weir(small_policy(*(engine.url for engine in reversed(engines)), backend={
            "balance": "prefix_affinity"}))
        self.assertEqual(self.homes(engines, [turn(i, 2) for i in range(12)]), first)


if __name__ == "__main__":
    unittest.main()

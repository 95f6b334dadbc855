"""A proxy's reaction to some bytes, in a word, and whether it is the demanded one."""

import threading
import unittest
from dataclasses import dataclass, field

from support.contestants import Contestant
from support.waiting import scaled
from support.wire import Client, Closed
from table import check_or_update, rows_of

NAMES = ("Weir", "HAProxy", "nginx")


@dataclass
class Seen:
    """What was observed of one case on both sides of a proxy."""
    statuses: list = field(default_factory=list)   # of the answers, in order
    closed: bool = False                           # by the proxy, on its side
    requests: list = field(default_factory=list)   # that the backend read completely

    def verdict(self, case):
        if self.requests:
            return self._forwarded(case)
        if self.statuses:
            return f"{self.statuses[-1]}" + ("" if self.closed else ", open")
        return "closed" if self.closed else "waits"

    def _forwarded(self, case):
        executed = any(request.target.endswith("/smuggled") for request in self.requests)
        if executed and len(self.requests) > len(self.statuses):
            return "smuggled"
        if not all(request.is_canonical() for request in self.requests):
            return "passed on raw"
        if any(word in request.raw for request in self.requests for word in case.forbidden):
            return "passed on"
        return "one" if len(self.requests) == 1 else "accepted"


def send_request(contestant, case):
    """One case, on a connection of its own."""
    seen = Seen()
    contestant.tripwire.script()
    with Client(contestant.address) as client:
        client.try_send(case.data)
        # The first answer may take a moment; what follows it on a connection that stays open comes at once or never.
        client.socket.settimeout(scaled(1.0))
        try:
            while len(seen.statuses) < 4:
                answer = client.response(to_head=False)
                seen.statuses.append(answer.status)
                client.socket.settimeout(scaled(0.1))
        except Closed:
            seen.closed = True
        except (TimeoutError, ValueError, AssertionError):
            pass
    seen.requests = list(contestant.tripwire.requests)
    return seen


def meets(case, seen, strict=True):
    """Whether a case was handled as demanded. `strict`: a refusal is an answer; otherwise a bare close counts too."""
    raw = b"".join(request.raw for request in seen.requests)
    if any(word in raw for word in case.forbidden):
        return False
    refused = not seen.requests and seen.closed and all(status >= 400 for status in seen.statuses)
    if strict:
        refused = refused and len(seen.statuses) == 1 and (not case.statuses or seen.statuses[0] in case.statuses)
    if case.demand == "refuse":
        return refused
    if case.demand == "answer":
        return not seen.requests and seen.statuses[:1] == [200]
    if case.demand == "one" and refused:
        return True
    if len(seen.requests) != 1 or not seen.requests[0].is_canonical() or seen.statuses[:1] != [200]:
        # A refusal that leaves the connection open after a well-formed request still counts as a refusal.
        return case.demand == "one" and not seen.requests and [s >= 400 for s in seen.statuses] == [True]
    request = seen.requests[0]
    wanted = all(request.all(name) == values for name, values in case.wanted)
    return wanted and (case.body is None or request.body == case.body)


def ask_all(cases, send):
    """{contestant: [what was observed of each case]}, the three side by side."""
    results, faults = {}, []

    def run(name):
        contestant = Contestant(name)
        try:
            contestant.start()
            results[name] = [send(contestant, case) for case in cases]
            contestant.stop()
        except Exception as error:  # raised by the calling test
            contestant.tripwire.stop()
            faults.append(error)
    threads = [threading.Thread(target=run, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return results


class CaseTest(unittest.TestCase):
    """A class's cases, asked of all three proxies at once; each test checks Weir's answers on one subject.

    A class has `cases`, `section` (of the document), `send` (contestant, case -> what was observed) and `meets` (case, seen,
    strict -> whether it is as demanded); the last two as static methods.
    """

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.results = ask_all(cls.cases, cls.send)

    def check(self, subject):
        self.assertTrue(any(case.subject == subject for case in self.cases), f"no case of {subject}")
        for i, case in enumerate(self.cases):
            if case.subject != subject:
                continue
            seen = {name: self.results[name][i] for name in NAMES}
            print(f"{case}: {case.demand}; " + ", ".join(f"{name} {seen[name].verdict(case)}" for name in NAMES))
            with self.subTest(case=str(case)):
                self.assertTrue(self.meets(case, seen["Weir"]), f"demanded: {case.demand}; {seen['Weir']}")

    def check_document(self):
        check_or_update(self, self.section, rows_of(self.cases, self.results, self.meets))

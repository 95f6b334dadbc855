"""Answers as raw bytes from the backend: the client must get what is demanded; HAProxy and nginx are asked the same."""

import unittest
from dataclasses import dataclass

import response_cases
from support.waiting import eventually, scaled
from support.wire import Client, Closed
from verdicts import CaseTest


@dataclass
class Seen:
    status: int = 0            # 0: none
    whole: bool = False
    body: bytes = b""
    head: bytes = b""          # with interim answers
    raw: bool = False          # the answer is malformed
    reused: bool = False       # the connection to the backend, for the next request

    def verdict(self, case):
        if self.raw:
            return "passed on raw"
        if self.status == 0:
            return "aborted"
        if self.status >= 500:
            return str(self.status)
        if not self.whole:
            return "aborted"
        if any(word in self.head for word in case.forbidden):
            return "passed on"
        if self.body != case.body:
            return "whole, another body"
        return "whole" + (", reused" if self.reused and case.demand == "fresh" else "")


def send_answer(contestant, case):
    seen = Seen()
    tripwire = contestant.tripwire
    tripwire.script(case.data, case.keep)
    with Client(contestant.address) as client:
        client.socket.settimeout(scaled(2.0))
        client.send(f"GET / HTTP/{case.version}\r\nHost: a\r\n\r\n".encode())
        try:
            answer = client.response()
            seen.status, seen.whole, seen.body = answer.status, answer.complete and not client.broken, answer.body
            seen.head = b"".join(_text(head) for head in [*answer.interim, answer])
        except (ValueError, AssertionError):
            seen.raw = True
        except (Closed, TimeoutError):
            pass
    first = {request.connection for request in tripwire.requests}
    tripwire.script()
    if case.demand == "fresh":
        with Client(contestant.address) as client:
            client.request()
        eventually(lambda: tripwire.requests)
        seen.reused = bool(first & {request.connection for request in tripwire.requests})
    return seen


def _text(head):
    return b"%d\r\n" % head.status + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in head.fields)


def meets(case, seen, strict=True):
    if seen.raw:
        return False
    whole = seen.status in (200, 204, 304) and seen.whole and seen.body == case.body
    clean = not any(word in seen.head for word in case.forbidden)
    bad_gateway = seen.status in ((502,) if strict else (500, 502, 503, 504))
    return {"502": bad_gateway, "abort": bad_gateway or not seen.whole, "one": bad_gateway or (whole and clean),
            "fresh": whole and not seen.reused, "serve": whole and clean}[case.demand]


class Responses(CaseTest):
    cases = response_cases.ALL
    section = "responses"
    send = staticmethod(send_answer)
    meets = staticmethod(meets)

    def test_an_unsolicited_101(self):
        self.check(response_cases.UPGRADES)

    def test_malformed_answers(self):
        self.check(response_cases.MALFORMED)

    def test_truncated_answers(self):
        self.check(response_cases.TRUNCATED)

    def test_bytes_after_the_answer(self):
        self.check(response_cases.AFTER_THE_ANSWER)

    def test_the_document_says_what_weir_does(self):
        self.check_document()


if __name__ == "__main__":
    unittest.main()

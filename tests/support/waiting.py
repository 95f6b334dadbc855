"""Waiting for something to become true, instead of sleeping and hoping.

Deadlines are for machines that are slow, never for the thing under test: WEIR_TEST_SLOW (a factor, 1 by default)
stretches all of them, so that the same tests hold under the sanitizers.
"""

import os
import time

SLOW = float(os.environ.get("WEIR_TEST_SLOW", "1"))


def scaled(seconds):
    return seconds * SLOW


def eventually(predicate, within=5.0, every=0.005):
    """Calls `predicate` until it returns something true, and returns that; its last value when the time is up."""
    deadline = time.monotonic() + scaled(within)
    while True:
        value = predicate()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(every)


def holds(predicate, during=0.2, every=0.01):
    """Whether `predicate` stays true for all of `during`: for things that must not happen."""
    deadline = time.monotonic() + scaled(during)
    while time.monotonic() < deadline:
        if not predicate():
            return False
        time.sleep(every)
    return bool(predicate())

"""Waiting for something to become true, instead of sleeping. The only place where a test may sleep.

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


def stays(predicate, during=0.2, every=0.01):
    """Whether `predicate` is true for all of `during`, for things that must not happen. Ends as soon as it is false."""
    deadline = time.monotonic() + scaled(during)
    while time.monotonic() < deadline:
        if not predicate():
            return False
        time.sleep(every)
    return bool(predicate())


def stands_still(read, during=0.3):
    """Whether `read()` stays the same for `during`, which is not stretched: a slow machine counts as slow progress."""
    before = read()
    return stays(lambda: read() == before, during / SLOW)


def pause(seconds):
    """Paces what a test's own client or backend sends or takes to answer. Never a wait for something: `eventually`."""
    time.sleep(seconds)

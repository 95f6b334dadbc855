"""Plays a trace, open loop: each request leaves at its own time, whatever happened to those before it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from . import retry
from .chat_client import GAVE_UP, Pool, chat_request
from .processes import allow_descriptors
from .trace import Request

REFUSAL_STATUSES = {429, 503, 529}


@dataclass
class Outcome:
    """The outcome of one request of the trace, its retries included. Times are seconds from the start of the run."""

    klass: str
    arrival_s: float
    kind: str = "failed"  # served: the whole answer came; refused: the last attempt was; failed: anything else
    reason: str = "unfinished"  # of a refusal or failure
    first_token_s: float | None = None  # from the arrival to the first token
    ended_s: float | None = None
    attempts: int = 0
    refused_attempts: Counter = field(default_factory=Counter)  # by reason


@dataclass
class Player:
    """One run's settings.

    address        (host, port) to ask
    keys           class -> API key
    give_up_after  seconds a client waits for a first token before it leaves for good
    drain_s        seconds that answers may take after the last arrival
    """

    address: tuple
    keys: dict
    model: str = "mock"
    give_up_after: float = 30
    drain_s: float = 30
    seed: int = 1

    async def play(self, requests, progress=None):
        """Returns an Outcome for every request."""
        allow_descriptors()
        loop = asyncio.get_running_loop()
        pool = Pool(self.address)
        start = loop.time() + 0.1
        outcomes = [Outcome(request.klass, request.arrival_s) for request in requests]
        tasks = []
        ticker = asyncio.create_task(self._tick(progress, start, outcomes)) if progress else None
        for number, (request, outcome) in enumerate(zip(requests, outcomes)):
            wait = start + request.arrival_s - loop.time()
            if wait > 0.0005:
                await asyncio.sleep(wait)
            rng = random.Random(f"{self.seed}/{number}")
            tasks.append(asyncio.create_task(self._one(pool, request, outcome, start, rng)))
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and task.exception():
                raise task.exception()
        if ticker:
            ticker.cancel()
        pool.close()
        return outcomes

    async def _one(self, pool, request, outcome, start, rng):
        loop = asyncio.get_running_loop()
        key = self.keys.get(request.klass)
        while True:
            payload = chat_request(f"{pool.host}:{pool.port}", request, key, self.model, outcome.attempts)
            attempt = await pool.ask(payload, self.give_up_after)
            outcome.attempts += 1
            if attempt.first_token_at is not None or attempt.error is None:
                break
            if attempt.status in REFUSAL_STATUSES:
                outcome.refused_attempts[refusal_reason(attempt)] += 1
            retries_done = outcome.attempts - 1
            again = retry.should_retry(attempt.status, attempt.headers, retries_done)
            if attempt.error == GAVE_UP or not again:
                break
            await asyncio.sleep(retry.delay(attempt.headers, retries_done, rng))
        outcome.ended_s = loop.time() - start
        if attempt.first_token_at is not None:
            outcome.first_token_s = attempt.first_token_at - start - request.arrival_s
        if attempt.error is None:
            outcome.kind, outcome.reason = "served", ""
        elif attempt.status in REFUSAL_STATUSES:
            outcome.kind, outcome.reason = "refused", refusal_reason(attempt)
        else:
            outcome.kind, outcome.reason = "failed", attempt.error

    @staticmethod
    async def _tick(progress, start, outcomes):
        loop = asyncio.get_running_loop()
        while True:
            ended = Counter(outcome.kind for outcome in outcomes if outcome.ended_s is not None)
            progress.show(max(0.0, loop.time() - start),
                          f"served {ended['served']}, refused {ended['refused']}, failed {ended['failed']}")
            await asyncio.sleep(0.5)


def refusal_reason(attempt):
    """Weir's own reason, or the status of a server that gives none."""
    return attempt.headers.get("x-weir-decision") or f"status {attempt.status}"


@dataclass
class Meter:
    tokens: int = 0


async def saturation(address, lengths, key=None, model="mock", concurrency=256, warmup_s=3, seconds=5, progress=None):
    """Requests per second that the backend at `address` completes when it is never idle, with these mean lengths.

    Counted in tokens rather than in whole answers, which would come in waves after a start all together.
    """
    allow_descriptors()
    pool, meter = Pool(address), Meter()
    request = Request(0, round(lengths.prompt), round(lengths.output), "")
    payload = chat_request(f"{address[0]}:{address[1]}", request, key, model, 0)
    failures = Counter()

    async def client():
        while True:
            attempt = await pool.ask(payload, 600, meter)
            if attempt.error:
                failures[attempt.error] += 1
                await asyncio.sleep(0.2)

    clients = [asyncio.create_task(client()) for _ in range(concurrency)]
    begun = time.monotonic()

    async def wait(until):
        while time.monotonic() < until:
            if progress:
                progress.show(time.monotonic() - begun, f"{meter.tokens} tokens")
            await asyncio.sleep(0.1)

    await wait(begun + warmup_s)
    tokens, at = meter.tokens, time.monotonic()
    await wait(at + seconds)
    rate = (meter.tokens - tokens) / (time.monotonic() - at)
    for task in clients:
        task.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    pool.close()
    if rate <= 0:
        raise RuntimeError(f"the backend at {address[0]}:{address[1]} served nothing: {dict(failures)}")
    return rate / lengths.output

"""Traces: which client asks when, with how long a prompt, for how long an answer.

A trace is a CSV file with the columns `arrival_s,prompt_tokens,output_tokens,class[,client]`, sorted by arrival; of
conversations it also says `conversation,prefix,prefix_tokens`: what a prompt repeats of others.
Without a recording, make one here: Poisson arrivals, log-normal lengths, one class that surges. The same seed
makes the same trace, and adding a surge leaves the other classes' requests as they were, so that a run with and one
without it can be compared request by request.
"""

import csv
import math
import random
import re
from typing import NamedTuple

COLUMNS = ["arrival_s", "prompt_tokens", "output_tokens", "class"]


class Request(NamedTuple):
    arrival_s: float  # from the start of the trace
    prompt_tokens: int
    output_tokens: int
    klass: str
    client: str = ""
    conversation: str = ""  # its prompt begins with all prompts and answers of it before
    prefix: str = ""        # its prompt begins with the same `prefix_tokens` as the others of this name
    prefix_tokens: int = 0


class Surge(NamedTuple):
    klass: str
    factor: float  # multiples of the backend's capacity
    start_s: float
    length_s: float


class Lengths(NamedTuple):
    """Mean tokens of a class's prompts and answers, and how widely they scatter.

    By default what the mock's preset small-gpu serves 20 to 30 of a second.
    """

    prompt: float = 100
    output: float = 24
    sigma: float = 0.5  # of the underlying normal distribution; 0: all alike


class Conversations(NamedTuple):
    """One class's conversations: they begin at random, and each turn's prompt is all that was said before and a new text.

    A turn comes a think time after the answer to the one before, as that would take an engine with little to do: the
    trace is an open loop, and does not know what becomes of it.
    """

    rate: float              # new conversations a second
    turns: float = 8         # mean of a geometric distribution
    think_s: float = 10      # mean, log-normal with sigma 1
    system: int = 400        # tokens of the system prompt
    systems: int = 4         # different system prompts
    answer_s_a_token: float = 0.01


def parse_surge(text, default_class="siri-bulk"):
    """Reads `10x@60s+120s` or `CLASS=10x@60s+120s`: ten times the capacity, from 60 s on, for 120 s."""
    match = re.fullmatch(r"(?:([\w.-]+)=)?(\d+(?:\.\d+)?)x@(\d+(?:\.\d+)?)s?\+(\d+(?:\.\d+)?)s?", text)
    if not match:
        raise ValueError(f"'{text}' is not a surge; write for example siri-bulk=10x@60s+120s")
    klass, factor, start, length = match.groups()
    return Surge(klass or default_class, float(factor), float(start), float(length))


def _class_requests(seed, klass, rate_at, duration_s, lengths, burstiness):
    """One class's requests: Poisson with a rate that changes with time, by thinning."""
    # A string seed is hashed the same way in every Python process, unlike hash().
    rng = random.Random(f"{seed}/{klass}")
    if burstiness != 1:
        return _bursty_requests(rng, klass, rate_at, duration_s, lengths, burstiness)
    peak = max((rate for _, rate in rate_at), default=0)
    if peak <= 0:
        return []
    requests, now = [], 0.0
    while True:
        now += rng.expovariate(peak)
        if now >= duration_s:
            return requests
        prompt, output = (_length(rng, mean, lengths.sigma) for mean in (lengths.prompt, lengths.output))
        client = f"{klass}-{rng.randrange(200)}"
        rate = [rate for start, rate in rate_at if start <= now][-1]
        if rng.random() * peak < rate:
            requests.append(Request(round(now, 4), prompt, output, klass, client))


def _bursty_requests(rng, klass, rate_at, duration_s, lengths, burstiness):
    """The same in bursts: the gaps are Gamma with that coefficient of variation, in a time that runs with the rate."""
    requests, due, spent = [], 0.0, 0.0
    ends = [start for start, _ in rate_at[1:]] + [duration_s]
    for (start, rate), end in zip(rate_at, ends):
        # `due`: the next arrival, in arrivals that a steady rate would have brought; `spent`: those up to `start`.
        while rate > 0 and due < spent + rate * (end - start):
            prompt, output = (_length(rng, mean, lengths.sigma) for mean in (lengths.prompt, lengths.output))
            requests.append(Request(round(start + (due - spent) / rate, 4), prompt, output, klass, f"{klass}-{rng.randrange(200)}"))
            due += rng.gammavariate(1 / burstiness ** 2, burstiness ** 2)
        spent += rate * (end - start)
    return requests


def _length(rng, mean, sigma):
    # exp(mu + sigma^2/2) is the mean of a log-normal distribution; the clip keeps one outlier from dominating the result.
    drawn = rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
    return max(1, min(round(drawn), round(8 * mean)))


def generate(seed, duration_s, capacity, base_load, surges=(), lengths=None, burstiness=1):
    """A trace of `duration_s` seconds.

    capacity   requests per second that the backend can serve
    base_load  class -> share of the capacity it asks for all the time, for example {"direct": 0.6}
    surges     what comes on top
    lengths    class -> Lengths
    burstiness the coefficient of variation of the time between two requests of a class; 1 is Poisson
    """
    lengths = lengths or {}
    requests = []
    for klass in dict.fromkeys([*base_load, *(surge.klass for surge in surges)]):
        own = [surge for surge in surges if surge.klass == klass]
        edges = sorted({0.0, *(s.start_s for s in own), *(s.start_s + s.length_s for s in own)})
        rate_at = []
        for edge in edges:
            factors = [s.factor for s in own if s.start_s <= edge < s.start_s + s.length_s]
            rate_at.append((edge, capacity * (base_load.get(klass, 0) + sum(factors))))
        requests += _class_requests(seed, klass, rate_at, duration_s, lengths.get(klass, Lengths()), burstiness)
    return sorted(requests)


def generate_conversations(seed, duration_s, klass, shape, lengths=Lengths(60, 150)):
    """The requests of `duration_s` seconds of a class that has been talking for long. `lengths`: of a turn's text and answer."""
    rng = random.Random(f"{seed}/{klass}/conversations")
    requests = []
    # What begins before the trace does is in it with the rest of its turns, so that the load does not rise from nothing.
    now = -4 * shape.turns * (shape.think_s + lengths.output * shape.answer_s_a_token)
    number = 0
    while (now := now + rng.expovariate(shape.rate)) < duration_s:
        requests += _turns(rng, f"{klass}-{number}", now, klass, shape, lengths)
        number += 1
    return sorted(request for request in requests if 0 <= request.arrival_s < duration_s)


def _turns(rng, name, began, klass, shape, lengths):
    arrival, said = began, shape.system
    prefix = f"{klass}-system-{rng.randrange(shape.systems)}"
    while True:
        said += _length(rng, lengths.prompt, lengths.sigma)
        output = _length(rng, lengths.output, lengths.sigma)
        yield Request(round(arrival, 4), said, output, klass, name, name, prefix, shape.system)
        if rng.random() * shape.turns < 1:
            return
        said += output
        arrival += output * shape.answer_s_a_token + rng.lognormvariate(math.log(shape.think_s) - 0.5, 1)


def read(path):
    """Reads a trace file. Raises ValueError naming the line that is wrong."""
    requests = []
    with open(path, newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path}: the header lacks {', '.join(missing)}")
        for row in rows:
            try:
                requests.append(Request(float(row["arrival_s"]), int(row["prompt_tokens"]), int(row["output_tokens"]),
                                        row["class"], row.get("client") or "", row.get("conversation") or "",
                                        row.get("prefix") or "", int(row.get("prefix_tokens") or 0)))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}:{rows.line_num}: {error}") from None
    return sorted(requests)


def write(file, requests):
    rows = csv.writer(file, lineterminator="\n")
    columns = list(Request._fields) if any(request.conversation for request in requests) else [*COLUMNS, "client"]
    rows.writerow([*COLUMNS, *columns[len(COLUMNS):]])
    for request in requests:
        rows.writerow([f"{request.arrival_s:.4f}", *request[1:len(columns)]])


def scaled(requests, speed):
    """The same requests, arriving `speed` times as fast."""
    return [request._replace(arrival_s=request.arrival_s / speed) for request in requests]

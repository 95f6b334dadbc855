"""When a client retries: the rule that the OpenAI and Anthropic SDKs share.

Two retries at most. `x-should-retry` is obeyed; otherwise 408, 409, 429, 5xx and lost connections are tried again.
The wait is what `retry-after-ms` or `retry-after` says where that is within a minute, else 0.5 s doubled each time up
to 8 s, less up to a quarter at random.
"""

import email.utils
import time

MAX_RETRIES = 2
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
LONGEST_ADVICE_S = 60.0


def should_retry(status, headers, retries_done):
    """Whether to retry. `status` is None when the connection failed before an answer began."""
    if retries_done >= MAX_RETRIES:
        return False
    advice = headers.get("x-should-retry")
    if advice in ("true", "false"):
        return advice == "true"
    return status is None or status in (408, 409, 429) or status >= 500


def advised_delay(headers, now=None):
    """The wait that the server advises, in seconds, or None."""
    try:
        return float(headers["retry-after-ms"]) / 1000
    except (KeyError, ValueError):
        pass
    text = headers.get("retry-after")
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    date = email.utils.parsedate_tz(text)
    if date is None:
        return None
    return email.utils.mktime_tz(date) - (time.time() if now is None else now)


def delay(headers, retries_done, rng):
    """Seconds to wait before the next attempt."""
    advice = advised_delay(headers)
    if advice is not None and 0 < advice <= LONGEST_ADVICE_S:
        return advice
    return min(FIRST_DELAY_S * 2**retries_done, LONGEST_DELAY_S) * (1 - 0.25 * rng.random())

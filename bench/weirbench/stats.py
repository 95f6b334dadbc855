"""Order statistics."""

import math


def percentile(values, q):
    """The smallest of `values` that at least the share `q` (0 to 1) of them does not exceed; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def median(values):
    """The middle one, or the mean of the two in the middle; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2

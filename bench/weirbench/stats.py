"""Order statistics, and intervals of means."""

import math
import statistics

# Two-sided 95 % quantiles of Student's t, by degrees of freedom; from 30 on, the normal distribution's.
_T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045]


def half_width(values):
    """Half the width of the 95 % interval of the mean of two values or more."""
    t = _T95[len(values) - 2] if len(values) - 2 < len(_T95) else 1.96
    return t * statistics.stdev(values) / math.sqrt(len(values))


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

"""A page of small plots as one SVG file, written by hand so that nothing needs installing.

One row a scenario; one column a class with what was offered, served and refused each second; a last column with the
99th percentile of the time to the first token.
"""

import math
from html import escape

from .stats import percentile

PANEL_W, PANEL_H = 300, 130
LEFT, TOP, GAP_X, GAP_Y = 130, 60, 60, 52
OFFERED, SERVED, REFUSED, FAILED = "#9aa0a6", "#1a7f37", "#cf222e", "#bf8700"
CLASS_COLOURS = ["#0550ae", "#bc4c00", "#6639ba", "#116329", "#a40e26"]
WINDOW_S = 5  # of the percentile


def per_second(instants, length_s):
    counts = [0] * (math.ceil(length_s) or 1)
    for instant in instants:
        if instant is not None and 0 <= instant < len(counts):
            counts[int(instant)] += 1
    return counts


def busiest_second(runs, klass, length_s):
    """The maximum number of requests of a class that arrived, or ended, within one second of any of the runs; at least 1."""
    maximum = 1
    for outcomes in runs:
        own = [o for o in outcomes if o.klass == klass]
        for instants in ([o.arrival_s for o in own], [o.ended_s for o in own]):
            maximum = max(maximum, *per_second(instants, length_s))
    return maximum


def first_token_p99(outcomes, klass, length_s):
    """[(second, p99)] over windows of arrivals; None where no request was served."""
    points = []
    for start in range(0, max(1, math.ceil(length_s)), WINDOW_S):
        values = [o.first_token_s for o in outcomes
                  if o.klass == klass and o.kind == "served" and start <= o.arrival_s < start + WINDOW_S]
        points.append((start + WINDOW_S / 2, percentile(values, 0.99)))
    return points


def _text(x, y, words, anchor="start", size=11, colour="#24292f", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def _line(points, colour, x0, y0, x_scale, y_of, width=1.4):
    """A line through (x, y) points, broken where y is None."""
    pieces, path = [], []
    for x, y in [*points, (0, None)]:
        if y is not None:
            path.append(f"{x0 + x * x_scale:.1f},{y0 + y_of(y):.1f}")
        elif path:
            if len(path) == 1:
                cx, cy = path[0].split(",")
                pieces.append(f'<circle cx="{cx}" cy="{cy}" r="1.5" fill="{colour}"/>')
            else:
                pieces.append(f'<polyline points="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
            path = []
    return "".join(pieces)


def _axes(x0, y0, length_s, title, ticks):
    """A frame; `ticks` are (offset from the top, label)."""
    out = [f'<rect x="{x0}" y="{y0}" width="{PANEL_W}" height="{PANEL_H}" fill="#ffffff" stroke="#d0d7de"/>',
           _text(x0, y0 - 6, title, size=11, weight="bold")]
    for offset, label in ticks:
        out.append(f'<line x1="{x0}" x2="{x0 + PANEL_W}" y1="{y0 + offset:.1f}" y2="{y0 + offset:.1f}" stroke="#eaeef2"/>')
        out.append(_text(x0 - 4, y0 + offset + 4, label, anchor="end", size=9, colour="#57606a"))
    for share in (0, 0.5, 1):
        out.append(_text(x0 + share * PANEL_W, y0 + PANEL_H + 12, f"{share * length_s:.0f} s", "middle", 9, "#57606a"))
    return "".join(out)


def _rates_panel(x0, y0, outcomes, klass, length_s, top):
    own = [o for o in outcomes if o.klass == klass]
    series = [
        (OFFERED, [o.arrival_s for o in own]),
        (FAILED, [o.ended_s for o in own if o.kind == "failed"]),
        (REFUSED, [o.ended_s for o in own if o.kind == "refused"]),
        (SERVED, [o.ended_s for o in own if o.kind == "served"]),
    ]
    def y_of(value):
        return PANEL_H * (1 - value / top)

    ticks = [(y_of(value), f"{value:g}") for value in (top, top / 2, 0)]
    out = [_axes(x0, y0, length_s, f"{klass}: requests per second", ticks)]
    for colour, instants in series:
        points = [(i + 0.5, count) for i, count in enumerate(per_second(instants, length_s))]
        out.append(_line(points, colour, x0, y0, PANEL_W / length_s, y_of))
    return "".join(out)


def _latency_panel(x0, y0, outcomes, classes, length_s):
    # 10 ms to 100 s, logarithmic
    def y_of(value):
        return PANEL_H * (1 - (math.log10(min(100, max(0.01, value))) + 2) / 4)

    ticks = [(y_of(v), label) for v, label in ((0.01, "10 ms"), (0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (100, "100 s"))]
    out = [_axes(x0, y0, length_s, f"first token, p99 of {WINDOW_S} s of arrivals", ticks)]
    for i, klass in enumerate(classes):
        colour = CLASS_COLOURS[i % len(CLASS_COLOURS)]
        out.append(_line(first_token_p99(outcomes, klass, length_s), colour, x0, y0, PANEL_W / length_s, y_of, 1.8))
        out.append(_text(x0 + 6 + 90 * i, y0 + 12, klass, size=10, colour=colour))
    return "".join(out)


def surge_svg(title, scenarios, length_s):
    """`scenarios`: name -> outcomes. Returns the file's text."""
    classes = sorted({o.klass for outcomes in scenarios.values() for o in outcomes})
    # One scale per class over all scenarios, so that plots can be compared.
    tops = {klass: busiest_second(scenarios.values(), klass, length_s) for klass in classes}
    width = LEFT + (len(classes) + 1) * (PANEL_W + GAP_X)
    height = TOP + len(scenarios) * (PANEL_H + GAP_Y) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#f6f8fa"/>',
           _text(16, 24, title, size=15, weight="bold")]
    legend = [("offered", OFFERED), ("served", SERVED), ("refused", REFUSED), ("failed", FAILED)]
    for i, (label, colour) in enumerate(legend):
        out.append(f'<rect x="{width - 330 + 80 * i}" y="15" width="10" height="10" fill="{colour}"/>')
        out.append(_text(width - 316 + 80 * i, 24, label))
    for row, (name, outcomes) in enumerate(scenarios.items()):
        y0 = TOP + row * (PANEL_H + GAP_Y)
        out.append(_text(16, y0 + PANEL_H / 2, name, size=12, weight="bold"))
        for column, klass in enumerate(classes):
            out.append(_rates_panel(LEFT + column * (PANEL_W + GAP_X), y0, outcomes, klass, length_s, tops[klass]))
        out.append(_latency_panel(LEFT + len(classes) * (PANEL_W + GAP_X), y0, outcomes, classes, length_s))
    return "\n".join([*out, "</svg>\n"])

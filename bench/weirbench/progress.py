"""A progress bar on standard error: one line that redraws itself, or a line every ten seconds where it cannot."""

import sys
import time


class Progress:
    WIDTH = 30

    def __init__(self, label, total_s, out=None):
        self._label, self._total = label, total_s
        self._out = out or sys.stderr
        self._redraws = self._out.isatty()
        self._next = 0.0

    def show(self, elapsed_s, note=""):
        """Draws the bar; cheap enough to call often."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._redraws else 10)
        self._draw(elapsed_s, note, end="" if self._redraws else "\n")

    def done(self, note=""):
        self._draw(self._total, note, end="\n")

    def _draw(self, elapsed_s, note, end):
        share = min(1.0, elapsed_s / self._total) if self._total else 1.0
        full = round(share * self.WIDTH)
        bar = "#" * full + "." * (self.WIDTH - full)
        line = f"{self._label:<22} [{bar}] {min(elapsed_s, self._total):4.0f}/{self._total:.0f} s  {note}"
        self._out.write(f"\r{line:<100}{end}" if self._redraws else f"{line.rstrip()}{end}")
        self._out.flush()

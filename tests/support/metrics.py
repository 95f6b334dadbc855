"""The numbers of /metrics."""

import re

_LINE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.text = text
        self.series = []
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            found = _LINE.match(line)
            if not found:
                raise ValueError(f"not a line of the Prometheus text format: {line!r}")
            name, labels, value = found.groups()
            self.series.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    def matching(self, name, **labels):
        return [value for n, have, value in self.series
                if n == name and all(have.get(key) == wanted for key, wanted in labels.items())]

    def sum(self, name, **labels):
        """The sum of all series with this name and these labels; an absent name is a mistake of the test."""
        values = self.matching(name, **labels)
        if not values:
            raise KeyError(f"no series {name} with {labels}")
        return sum(values)

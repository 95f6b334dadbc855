"""What bench/throughput measures of one contestant in one round, with bench_loadgen on the other core."""

from pathlib import Path

from . import contestants, loadgen, processes

SETTLE_SECONDS = 30  # by when each connection should have had its turn


class Bench:
    """The core assignment, the backend's port and the load generator. One contestant is loaded at a time."""

    def __init__(self, options, directory):
        self.options, self.directory = options, Path(directory)
        self.proxy_cpu, self.load_cpu = loadgen.two_cpus()
        (self.backend_port,) = processes.free_ports(1)

    def start(self, name, streaming=False, tls=None):
        return contestants.start(name, self.backend_port, self.directory, self.proxy_cpu, self.options.weir, streaming, tls)

    def load(self, contestant, *arguments, on_line=None):
        headers = [part for header in contestant.headers for part in ("--header", header)]
        return loadgen.run(self.options.loadgen, contestant, self.backend_port, [*headers, *arguments], self.load_cpu, on_line)

    def requests(self, contestant, mode, connections, tls=None, path=None, close=False):
        """`close`: a connection for each request, which over TLS is a handshake for each."""
        options = self.options
        result = self.load(contestant, "--mode", mode, "--connections", connections, "--seconds", options.seconds,
                           "--settle", SETTLE_SECONDS, "--warmup", min(0.5, options.seconds), "--body-bytes", options.body_bytes,
                           *(["--path", path] if path else []),
                           *(["--tls-trust", tls.certificate] if tls else []),
                           *(["--header", "connection: close"] if close else []))
        requests = max(1, result["requests"])
        cpu_us = result["cpu_ns"] / requests / 1000
        return {"cpu_us": cpu_us, "rps": result["rps"], "p99_us": result["latency_us"]["p99"],
                "p99_ms": result["latency_us"]["p99"] / 1000, "per_cpu_second": 1e6 / cpu_us if cpu_us else 0,
                "busy": result["cpu_ns"] / 1e9 / result["seconds"], "errors": result["errors"], "settled": result["settled"],
                "tls": result.get("tls")}

    def idle_kb(self, name):
        """Memory that one idle keep-alive connection costs, in a fresh process."""
        contestant = self.start(name)
        with contestant.process:
            self.load(contestant, "--mode", "get", "--seconds", 1, "--warmup", 0)
            before, held = contestant.pss_bytes(), []

            def measure(line):
                if line.startswith("holding"):
                    held.append(contestant.pss_bytes())

            self.load(contestant, "--mode", "idle", "--connections", self.options.idle, "--seconds", 2, on_line=measure)
            return (held[0] - before) / self.options.idle / 1024

    def streams(self, name):
        """One round of streams, in a fresh process, so that its memory is what the streams cost."""
        options = self.options
        contestant = self.start(name, streaming=True)
        with contestant.process:
            self.load(contestant, "--mode", "get", "--seconds", 1, "--warmup", 0)
            before, halfway = contestant.pss_bytes(), []
            result = self.load(contestant, "--mode", "sse", "--streams", options.streams, "--seconds", options.seconds,
                               "--event-ms", options.event_ms,
                               on_line=lambda line: line.startswith("halfway") and halfway.append(contestant.pss_bytes()))
        return {"cpu_us": result["cpu_ns"] / max(1, result["events"]) / 1000, "delay_p99_us": result["delay_us"]["p99"],
                "stream_kb": (halfway[0] - before) / options.streams / 1024, "completed": result["completed"],
                "busy": result["cpu_ns"] / 1e9 / result["seconds"], "errors": result["errors"]}

"""The topics of bench/throughput. Each yields the sections of the report that it comes to."""

import contextlib
import resource
import sys

from . import certificates
from .bench import SETTLE_SECONDS
from .comparison import Section, Table, interleaved
from .contestants import PROXIES

# Descriptors that a program uses beside those of its connections, at most.
SPARE_DESCRIPTORS = 200


def request_table(rounds):
    table = Table(rounds)
    table.add_with_spread("CPU us/request", "cpu_us")
    table.add_ratio("HAProxy", "cpu_us")
    table.add_ratio("Weir", "cpu_us")
    table.add("requests/s", "rps")
    table.add_ratio("HAProxy", "rps")
    table.add("p99 us", "p99_us")
    table.add_ratio("HAProxy", "p99_us")
    table.add("core busy", "busy", "{:.0%}")
    table.add("errors", "errors", of=sum)
    return table.header, table.rows


def handshake_table(rounds):
    table = Table(rounds)
    table.add_with_spread("CPU us/handshake", "cpu_us")
    table.add_ratio("HAProxy", "cpu_us")
    table.add("handshakes per second of CPU", "per_cpu_second")
    table.add("handshakes/s", "rps")
    table.add_ratio("HAProxy", "rps")
    table.add("p99 us", "p99_us")
    table.add("core busy", "busy", "{:.0%}")
    table.add("tickets sent", "tickets", "{:.1f}")
    table.add("errors", "errors", of=sum)
    return table.header, table.rows


def scaling_table(rounds):
    table = Table(rounds)
    table.add("requests/s", "rps")
    table.add_ratio("HAProxy", "rps")
    table.add_with_spread("CPU us/request", "cpu_us")
    table.add_ratio("HAProxy", "cpu_us")
    table.add("p99 ms", "p99_ms", "{:.1f}")
    table.add_ratio("HAProxy", "p99_ms")
    table.add("core busy", "busy", "{:.0%}")
    table.add("errors", "errors", of=sum)
    return table.header, table.rows


def stream_table(rounds):
    table = Table(rounds)
    table.add_with_spread("CPU us/event", "cpu_us")
    table.add_ratio("HAProxy", "cpu_us")
    table.add_ratio("Weir", "cpu_us")
    table.add("p99 delay us", "delay_p99_us")
    table.add("KB/stream", "stream_kb", "{:.2f}")
    table.add("streams whole", "completed", of=min)
    table.add("core busy", "busy", "{:.0%}")
    table.add("errors", "errors", of=sum)
    return table.header, table.rows


@contextlib.contextmanager
def started(bench, names, tls=None):
    """name -> a running contestant, for as long as the context lasts."""
    with contextlib.ExitStack() as stack:
        running = {}
        for name in names:
            running[name] = bench.start(name, tls=tls)
            stack.enter_context(running[name].process)
        yield running


# mode -> the section's title, and the request target where it is not the usual one
MODES = {"get": ("GET", None), "post": ("POST", None), "upload": ("POST, unread", "/upload")}


def what_is_asked(mode, options):
    if mode == "get":
        return "GET"
    if mode == "upload":
        return f"POST of {options.body_bytes:,} bytes to a path of no AI API, whose bodies Weir passes on unread"
    return f"POST of a chat completion of {options.body_bytes:,} bytes"


def names_for(mode, options):
    """Who takes part: Portkey answers chat completions only."""
    return [name for name in options.only if mode == "post" or name in PROXIES]


def request_rounds(bench, names, mode, running, files=None):
    """Interleaved rounds of one mode on keep-alive connections."""
    method, path = "get" if mode == "get" else "post", MODES[mode][1]
    return interleaved(
        names, bench.options.rounds,
        lambda name: bench.requests(running[name], method, bench.options.connections, files, path=path),
        f"{'TLS, ' if files else ''}{MODES[mode][0]}")


def requests(bench, options):
    for mode in options.modes:
        names = names_for(mode, options)
        if not names:
            continue
        with started(bench, names) as running:
            rounds = request_rounds(bench, names, mode, running)
        yield Section(MODES[mode][0], f"{what_is_asked(mode, options)}, keep-alive, {options.connections} connections, plain HTTP.",
                      *request_table(rounds))


def negotiated(rounds):
    """What the handshakes of all rounds agreed on."""
    found = {", ".join(result["tls"].get(key, "none") for key in ("version", "cipher", "group"))
             for results in rounds.values() for result in results}
    return " or ".join(sorted(found))


def tls(bench, options):
    names = names_for("get", options)
    if not names:
        return
    files = certificates.make(bench.directory)
    with started(bench, names, files) as running:
        for mode in [mode for mode in options.modes if mode != "upload"]:
            rounds = request_rounds(bench, names, mode, running, files)
            note = f"{what_is_asked(mode, options)}, keep-alive, {options.connections} connections; {negotiated(rounds)}."
            yield Section(f"TLS, {MODES[mode][0]}", note, *request_table(rounds))

        def handshakes(name):
            result = bench.requests(running[name], "get", options.connections, files, close=True)
            return result | {"tickets": result["tls"]["tickets"] / max(1, result["tls"]["handshakes"])}

        rounds = interleaved(names, options.rounds, handshakes, "TLS handshakes")
        note = (f"A GET on each connection, then it is closed: {options.connections} connections at a time, each with a full "
                f"handshake, none resumed; {negotiated(rounds)}; the same self-signed certificate ({certificates.KIND}) for all, "
                "which the client verifies. The client's share of a handshake costs more than the server's, so that the core "
                "of the proxy may not be busy: then the time of its CPU says more than handshakes/s.")
        yield Section("TLS, handshakes", note, *handshake_table(rounds))


def descriptors_missing(connections):
    """Why this machine cannot hold so many, or None. Each takes two descriptors on either side: of a proxy one to the client
    and one to the backend, and of bench_loadgen both ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * connections + SPARE_DESCRIPTORS
    if wanted <= most:
        return None
    return f"{connections:,} connections are left out: they take {wanted:,} descriptors, and a process may have {most:,} here."


def scaling(bench, options):
    names, rows, header, notes = list(options.only), [], [], []
    # All stay up from one number to the next: a program that compiles itself while it runs is slow in its first seconds.
    with started(bench, names) as running:
        for connections in options.scaling:
            missing = descriptors_missing(connections)
            if missing:
                print(missing, file=sys.stderr)
                notes.append(missing)
                continue
            if not names:
                break
            rounds = interleaved(names, options.scaling_rounds,
                                 lambda name, connections=connections: bench.requests(running[name], "post", connections),
                                 f"{connections} connections")
            header, found = scaling_table(rounds)
            rows += [[f"{connections:,}", *row] for row in found]
            late = [name for name in names if not all(result["settled"] for result in rounds[name])]
            notes += [f"{name} did not come round to each of {connections:,} connections within {SETTLE_SECONDS} s, and is not "
                      "measured with more." for name in late]
            names = [name for name in names if name not in late]
    if rows:
        note = " ".join([f"{what_is_asked('post', options)}, keep-alive; every connection asks again as soon as it is answered, "
                         "so that p99 is mostly the wait behind the others: connections divided by requests/s. Counting starts "
                         "when all are open and at work, and goes on until each has been answered meanwhile. "
                         f"{options.scaling_rounds} rounds.", *notes])
        yield Section("Active connections", note, ["connections", *header], rows)


def idle(bench, options):
    names = names_for("get", options)
    if names:
        yield Section("Idle connections", f"{options.idle:,} keep-alive connections after one GET each.",
                      ["", "KB/connection"], [[name, f"{bench.idle_kb(name):.2f}"] for name in names])


def streams(bench, options):
    names = names_for("get", options)
    if names:
        rounds = interleaved(names, options.rounds, bench.streams, "streams")
        yield Section("Streams", f"{options.streams:,} streams at once, one event every {options.event_ms:g} ms on each.",
                      *stream_table(rounds))


ALL = {"requests": requests, "tls": tls, "scaling": scaling, "idle": idle}

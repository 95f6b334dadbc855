"""Runs bench_loadgen, which is both ends of a benchmark, against a proxy."""

import json
import os
import subprocess
import sys

from .contestants import KEY
from .processes import ROOT, StartFailure

PROGRAM = ROOT / "build/release/bench/bench_loadgen"


def two_cpus():
    """One for the proxy, one for the load."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise StartFailure("this takes two CPUs: one for the proxy, one for clients and backend")
    return cpus[:2]


def run(program, contestant, backend_port, arguments, cpu, on_line=None):
    """Loads one contestant and returns the result as a dict. `on_line(line)` gets each line printed before it, at once."""
    command = [str(program), "--target", f"127.0.0.1:{contestant.port}", "--backend-listen", f"127.0.0.1:{backend_port}",
               "--watch-pid", str(contestant.process.pid), "--header", f"authorization: Bearer {KEY}",
               *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {cpu})) as child:
        result = None
        for line in child.stdout:
            if line.startswith("{"):
                result = json.loads(line)
            elif on_line:
                on_line(line)
        failure = child.stderr.read().strip()
    if result is None:
        raise StartFailure(f"no result for {contestant.name}: {failure}")
    contestant.process.check_running("under load")
    if result["errors"]:
        print(f"\n{contestant.name}: {result['errors']} errors; the first: {result['first_error']}", file=sys.stderr)
    return result

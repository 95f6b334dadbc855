"""The same surge in virtual time: the result of `weir simulate` for a trace, to compare with the live run.

The live clients of a class share one API key and so are one client to Weir; the simulated ones are made to be.
"""

import json
import subprocess

from . import trace
from .summary import seconds, share


# The clients of the bench stream, its prompts are all of one kind of text, and its engines' steps do not vary.
AS_THE_BENCH = ["--unstreamed", "0", "--estimate-error", "0", "--engine", "step_noise=0"]


def run(weir, policy, requests, directory, preset, give_up_s, seed):
    """class -> what the simulator reports of it, from the trace's first request to its last answer."""
    path = directory / "simulated.csv"
    with open(path, "w", newline="") as file:
        trace.write(file, [request._replace(client=request.klass) for request in requests])
    command = [weir, "simulate", policy, path, "--preset", preset, "--give-up", give_up_s, "--seed", seed,
               "--format", "json", *AS_THE_BENCH]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"weir simulate ended with {done.returncode}")
    classes = json.loads(done.stdout)["scenarios"][0]["classes"]
    return {entry["class"]: entry["whole"] for entry in classes if entry["whole"]["offered"]}


def rows(scenario, classes):
    """Table rows as summary.rows makes them."""
    table = []
    for klass, seen in sorted(classes.items()):
        refused = ", ".join(f"{reason} {count}" for reason, count in sorted(
            seen["unserved_by_reason"].items(), key=lambda item: -item[1])[:4])
        table.append([scenario, klass, str(seen["offered"]), str(seen["served"]),
                      f"{seen['refused']} ({refused})" if seen["refused"] else "0", str(seen["failed"]),
                      share(seen["goodput"]), f"{1 + seen['retries'] / seen['offered']:.2f}",
                      *(seconds(seen.get(f"first_token_p{q}_s")) for q in (50, 95, 99))])
    return table


def agreement(simulated, live):
    """Sentences: how far the live run is from the simulated one, class by class. `live`: of summary.summarize."""
    sentences = []
    for klass, seen in sorted(simulated.items()):
        if klass not in live:
            continue
        points = 100 * (live[klass].goodput - seen["goodput"])
        tail, expected = live[klass].first_token(0.99), seen.get("first_token_p99_s")
        ratio = f"; p99 first token {tail / expected:.2f} times the simulated one" if tail and expected else ""
        sentences.append(f"{klass}: goodput {points:+.2f} points{ratio}.")
    return sentences

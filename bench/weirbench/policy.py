"""Copies of a shipped policy with other addresses, so that a bench runs beside programs on the usual ports.

Reads just enough of the file's text for that; what a policy means is for `weir check` to say.
"""

import re
import shutil
from pathlib import Path


def relocated(policy, directory, ports):
    """Copies the policy and the files beside it into `directory`, with addresses of the loopback moved.

    ports   old port -> new port
    Returns the copy's path. Raises ValueError when the policy does not use one of the old ports.
    """
    policy, directory = Path(policy), Path(directory)
    copy_to = directory / "policy"
    shutil.copytree(policy.parent, copy_to, dirs_exist_ok=True)
    text = policy.read_text()
    for old in ports:
        if f"127.0.0.1:{old}" not in text:
            raise ValueError(f"{policy} does not mention 127.0.0.1:{old}, which this script was to move to a free port")
    moved = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ports.get(int(m[1]), int(m[1]))}", text)
    target = copy_to / policy.name
    target.write_text(moved)
    return target


def first_token_slos(text):
    """class -> seconds, of the classes in a policy's text that have an slo."""
    slos, name = {}, None
    for line in text.splitlines():
        line = line.split("#", 1)[0]
        if found := re.search(r"-\s+name:\s*([\w.-]+)", line):
            name = found[1]
        if name and (found := re.search(r"first_token:\s*(\d+(?:\.\d+)?)(ms|s|m)\b", line)):
            slos[name] = float(found[1]) * {"ms": 0.001, "s": 1, "m": 60}[found[2]]
    return slos


def slots(text):
    """The backend's capacity in requests at once, from a policy's text; None if it is not given."""
    text = re.sub(r"#.*", "", text)
    found = re.search(r"capacity:\s*(?:\{\s*|\n\s*)requests:\s*(\d+)", text)
    return int(found[1]) if found else None
